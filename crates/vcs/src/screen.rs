//! The size of the picture.

/// The pixels of a line.
pub const WIDTH: usize = 160;
/// The lines that are shown on a television for NTSC.
pub const HEIGHT: usize = 210;
/// The lines that are shown on a television for PAL.
pub(crate) const HEIGHT_PAL: usize = 250;

/// The palette index of each pixel, line by line.
pub(crate) type Screen = [u8; WIDTH * HEIGHT_PAL];
