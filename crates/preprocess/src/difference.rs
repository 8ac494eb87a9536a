//! The difference of two masks, cell by cell.

use envs::Error;

use crate::{Kernel, mask::check_len};

/// What a cell of a dense difference is stored as: `i8` or `f32`.
pub trait Cell: Copy + Default + From<i8> + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i8 {}
    impl Sealed for f32 {}
}

impl Cell for i8 {}
impl Cell for f32 {}

/// Writes `now` minus `earlier`, one number of -1, 0 or 1 per bit of the masks. Masks of any length will do, such as
/// those of a whole batch.
///
/// ```
/// let mut observation = [0i8; 8];
/// preprocess::difference(&[0b0000_0011], &[0b0000_0110], &mut observation)?;
/// assert_eq!(observation, [1, 0, -1, 0, 0, 0, 0, 0]);
/// # Ok::<(), envs::Error>(())
/// ```
///
/// # Errors
/// [`Error::WrongLength`] where the masks are not of one length or `out` is not eight times as long.
pub fn difference<T: Cell>(now: &[u8], earlier: &[u8], out: &mut [T]) -> Result<(), Error> {
    difference_with(Kernel::detect(), now, earlier, out)
}

/// Writes the difference as [`difference`] does, with these instructions.
///
/// # Errors
/// [`Error::WrongLength`] where the masks are not of one length or `out` is not eight times as long.
pub fn difference_with<T: Cell>(kernel: Kernel, now: &[u8], earlier: &[u8], out: &mut [T]) -> Result<(), Error> {
    check_len("the earlier mask", earlier.len(), now.len())?;
    check_len("the difference", out.len(), now.len() * 8)?;
    kernel.difference(now, earlier, out);
    Ok(())
}
