//! Saved states: plain serde data, one behind the other.

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// Appends `value` to a saved state: for the `save` of environments and wrappers.
///
/// # Errors
/// [`Error::BadState`] where the value's type cannot be written as plain data.
pub fn put<T: Serialize>(value: &T, state: &mut Vec<u8>) -> Result<(), Error> {
    let bytes = postcard::to_extend(value, std::mem::take(state)).map_err(bad_state)?;
    *state = bytes;
    Ok(())
}

/// Takes a value from the front of a saved state: for the `restore` of environments and wrappers.
///
/// # Errors
/// [`Error::BadState`] where the bytes are not such a value.
pub fn take<T: DeserializeOwned>(state: &mut &[u8]) -> Result<T, Error> {
    let (value, rest) = postcard::take_from_bytes(state).map_err(bad_state)?;
    *state = rest;
    Ok(value)
}

fn bad_state(error: postcard::Error) -> Error {
    Error::BadState { reason: error.to_string() }
}
