//! Which cells of a frame are not background, one bit each.

use envs::Error;

use crate::{
    Background, DifferenceConfig, FrameFormat, HEIGHT, Kernel, WIDTH, background::FIELD_HEIGHT, config::field,
};

/// Turns frames into masks.
///
/// A mask has one bit per cell, row by row, the lowest bit of a byte first: 800 bytes for 80x80 cells, 200 for 40x40.
/// A cell is the pixel at its upper left corner; its bit is 1 where that pixel is not background.
///
/// ```
/// use preprocess::{DifferenceConfig, FrameFormat, Masker};
/// let masker = Masker::new(FrameFormat::Palette, &DifferenceConfig::default())?;
/// let mut frame = vec![34; 210 * 160]; // Pong's field
/// frame[(34 + 6) * 160 + 20] = 14; // the ball, at cell (3, 10)
/// let mut mask = [0; 800];
/// masker.mask(&frame, &mut mask)?;
/// assert_eq!(mask[3 * 10 + 1], 0b100);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masker {
    format: FrameFormat,
    height: usize,
    stride: usize,
    /// Pong's.
    colours: [u8; 2],
    /// Another game's.
    background: Option<Background>,
    kernel: Kernel,
}

impl Masker {
    /// A masker of frames of this format with 210 rows.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the configuration has an impossible value.
    pub fn new(format: FrameFormat, config: &DifferenceConfig) -> Result<Self, Error> {
        config.check()?;
        let (stride, colours) = (config.stride, config.phi.background(format));
        Ok(Self { format, height: HEIGHT, stride, colours, background: config.background, kernel: Kernel::detect() })
    }

    /// One of frames with so many rows; of other numbers than 210 the middle 160 have cells.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there are less than 160.
    pub fn with_height(self, height: usize) -> Result<Self, Error> {
        if height < FIELD_HEIGHT {
            let expected = format!("at least {FIELD_HEIGHT} rows");
            return Err(Error::InvalidOption { name: "height", value: height.to_string(), expected });
        }
        Ok(Self { height, ..self })
    }

    /// Masks with these instructions.
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The format of the frames.
    pub fn format(&self) -> FrameFormat {
        self.format
    }

    /// Bytes of the mask of one frame.
    pub fn mask_len(&self) -> usize {
        (FIELD_HEIGHT / self.stride).pow(2) / 8
    }

    /// Writes the masks of any number of frames, one after the other.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where `frames` is not a whole number of frames or `masks` not as many masks.
    pub fn mask(&self, frames: &[u8], masks: &mut [u8]) -> Result<(), Error> {
        let row_len = WIDTH * self.format.channels();
        let (frame_len, mask_len) = (self.height * row_len, self.mask_len());
        let rows = field(self.height);
        let field = rows.start * row_len..rows.end * row_len;
        let whole = frames.len() / frame_len;
        check_len("the frames", frames.len(), whole * frame_len)?;
        check_len("the masks", masks.len(), whole * mask_len)?;
        for (frame, mask) in frames.chunks_exact(frame_len).zip(masks.chunks_exact_mut(mask_len)) {
            let field = &frame[field.clone()];
            let Some(background) = &self.background else {
                self.mask_rows(field, self.colours, mask);
                continue;
            };
            let kept = field.chunks_exact(row_len).enumerate().step_by(self.stride);
            for ((row, pixels), mask) in kept.zip(mask.chunks_exact_mut(WIDTH / self.stride / 8)) {
                self.mask_rows(pixels, background.of_row(row), mask);
            }
        }
        Ok(())
    }

    /// The mask of some rows whose background is this.
    fn mask_rows(&self, rows: &[u8], background: [u8; 2], mask: &mut [u8]) {
        match (self.format, self.stride) {
            (FrameFormat::Palette, 2) => self.kernel.mask::<1, 2>(rows, background, mask),
            (FrameFormat::Palette, _) => self.kernel.mask::<1, 4>(rows, background, mask),
            (FrameFormat::Rgb, 2) => self.kernel.mask::<3, 2>(rows, background, mask),
            (FrameFormat::Rgb, _) => self.kernel.mask::<3, 4>(rows, background, mask),
        }
    }
}

pub(crate) fn check_len(what: &'static str, actual: usize, expected: usize) -> Result<(), Error> {
    if actual == expected { Ok(()) } else { Err(Error::WrongLength { what, actual, expected }) }
}
