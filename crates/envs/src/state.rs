//! Saved states: plain serde data with a checksum, one after the other.

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// Appends `value` and its checksum to a saved state: for the `save` of environments and wrappers.
///
/// ```
/// let mut saved = Vec::new();
/// envs::state::put(&(3, "three"), &mut saved)?;
/// let value: (i32, String) = envs::state::take(&mut &saved[..])?;
/// assert_eq!(value, (3, "three".into()));
/// # Ok::<(), envs::Error>(())
/// ```
///
/// # Errors
/// [`Error::BadState`] where the value's type cannot be written as plain data.
pub fn put<T: Serialize>(value: &T, state: &mut Vec<u8>) -> Result<(), Error> {
    let bytes = postcard::to_allocvec(value).map_err(bad_state)?;
    state.extend_from_slice(&bytes);
    state.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    Ok(())
}

/// Takes a value from the front of a saved state: for the `restore` of environments and wrappers.
///
/// # Errors
/// [`Error::BadState`] where the bytes are not such a value or do not fit their checksum. `state` is then unchanged.
pub fn take<T: DeserializeOwned>(state: &mut &[u8]) -> Result<T, Error> {
    let (value, rest) = postcard::take_from_bytes(state).map_err(bad_state)?;
    let bytes = &state[..state.len() - rest.len()];
    match rest.split_first_chunk() {
        Some((checksum, rest)) if *checksum == crc32fast::hash(bytes).to_le_bytes() => {
            *state = rest;
            Ok(value)
        }
        _ => Err(Error::BadState { reason: "its checksum does not fit".into() }),
    }
}

fn bad_state(error: postcard::Error) -> Error {
    Error::BadState { reason: error.to_string() }
}
