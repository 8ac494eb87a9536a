//! Long byte arrays as serde writes them: serde itself knows arrays of up to 32.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer, const N: usize>(array: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(array)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let bytes = Vec::<u8>::deserialize(deserializer)?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| Error::invalid_length(length, &"as many bytes as the array has"))
}
