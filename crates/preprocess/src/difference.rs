//! The difference of two masks.

use envs::Error;

use crate::mask::check_len;

/// Writes `now` minus `earlier`, one `i8` of -1, 0 or 1 per bit of the masks. Masks of any length will do, such as
/// those of a whole batch.
///
/// ```
/// let mut observation = [0; 8];
/// preprocess::difference(&[0b0000_0011], &[0b0000_0110], &mut observation)?;
/// assert_eq!(observation, [1, 0, -1, 0, 0, 0, 0, 0]);
/// # Ok::<(), envs::Error>(())
/// ```
///
/// # Errors
/// [`Error::WrongLength`] where the masks are not of one length or `out` is not eight times as long.
pub fn difference(now: &[u8], earlier: &[u8], out: &mut [i8]) -> Result<(), Error> {
    check_len("the earlier mask", earlier.len(), now.len())?;
    check_len("the difference", out.len(), now.len() * 8)?;
    for ((now, earlier), out) in now.iter().zip(earlier).zip(out.as_chunks_mut::<8>().0) {
        // Most bytes are equal: in Pong only the ball and the paddles move.
        *out = if now == earlier { [0; 8] } else { eight(*now, *earlier) };
    }
    Ok(())
}

fn eight(now: u8, earlier: u8) -> [i8; 8] {
    [0, 1, 2, 3, 4, 5, 6, 7].map(|bit| (now >> bit & 1) as i8 - (earlier >> bit & 1) as i8)
}
