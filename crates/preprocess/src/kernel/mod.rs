//! The inner loops, in the widest instructions the processor has.

use std::sync::OnceLock;

mod area;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod plain;

pub(crate) use area::{Taps, Windows};
pub(crate) use plain::changes;

/// Pixels that are marked together where they change.
pub(crate) const BLOCK: usize = 64;

/// Which instructions the inner loops use. All give the same results, bit for bit.
///
/// ```
/// use preprocess::Kernel;
/// let fastest = Kernel::detect();
/// assert!(Kernel::available().contains(&fastest));
/// assert!(Kernel::available().contains(&Kernel::PLAIN));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel(Instructions);

/// Private, so that a kernel exists only where its instructions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// Plain Rust, for every processor.
    pub const PLAIN: Self = Self(Instructions::Plain);

    /// The fastest that this processor has.
    pub fn detect() -> Self {
        static FASTEST: OnceLock<Kernel> = OnceLock::new();
        *FASTEST.get_or_init(|| envs::best_instructions(&Self::available(), Self::name))
    }

    /// All that this processor has, the slowest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "other processors have no more")]
        let mut all = vec![Self::PLAIN];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            all.push(Self(Instructions::Avx2));
            let needed = [
                is_x86_feature_detected!("avx512f"),
                is_x86_feature_detected!("avx512bw"),
                is_x86_feature_detected!("avx512vl"),
                is_x86_feature_detected!("avx512vbmi"),
            ];
            if needed == [true; 4] {
                all.push(Self(Instructions::Avx512));
            }
        }
        all
    }

    /// `plain`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
        }
    }

    /// The mask of the rows that have cells, into a mask of the right length.
    #[allow(unsafe_code, reason = "calls functions that need the instructions that this kernel stands for")]
    pub(crate) fn mask<const CHANNELS: usize, const STRIDE: usize>(
        self,
        field: &[u8],
        background: [u8; 2],
        mask: &mut [u8],
    ) {
        match self.0 {
            Instructions::Plain => plain::mask::<CHANNELS, STRIDE>(field, background, mask),
            // SAFETY: `detect` made this kernel, having found AVX2.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::mask::<CHANNELS, STRIDE>(field, background, mask) },
            // SAFETY: `detect` made this kernel, having found AVX-512 F, BW, VL and VBMI.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::mask::<CHANNELS, STRIDE>(field, background, mask) },
        }
    }

    /// The difference of masks of one length, into eight times as many cells.
    #[allow(unsafe_code, reason = "calls functions that need the instructions that this kernel stands for")]
    pub(crate) fn difference<T: Default + Copy + From<i8>>(self, now: &[u8], earlier: &[u8], out: &mut [T]) {
        match self.0 {
            Instructions::Plain => plain::difference(now, earlier, out),
            // SAFETY: `detect` made this kernel, having found AVX2.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 | Instructions::Avx512 => unsafe { avx2::difference(now, earlier, out) },
        }
    }

    /// The larger of two pixels' entries in the table, for pictures of one size; marks the blocks of `out` that change.
    #[allow(unsafe_code, reason = "calls functions that need the instructions that this kernel stands for")]
    pub(crate) fn max_of_colours(
        self,
        colours: &[u8; 256],
        pictures: [&[u8]; 2],
        out: &mut [u8],
        changed: &mut [bool],
    ) {
        match self.0 {
            // SAFETY: `detect` made this kernel, having found AVX-512 F, BW, VL and VBMI.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::max_of_colours(colours, pictures, out, changed) },
            _ => plain::max_of_colours(colours, pictures, out, changed),
        }
    }

    /// The weighted sum of old rows, each with its weight, brought to the new number of columns.
    #[allow(unsafe_code, reason = "calls functions that need the instructions that this kernel stands for")]
    pub(crate) fn resize_row<'a>(
        self,
        rows: impl Iterator<Item = (&'a [u8], f32)> + Clone,
        columns: &Taps,
        windows: Option<&Windows>,
        out: &mut [u8],
    ) {
        match (self.0, windows) {
            // SAFETY: `detect` made this kernel, having found AVX2.
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx2, Some(windows)) => unsafe { avx2::resize_row(rows, windows, out) },
            // SAFETY: `detect` made this kernel, having found AVX-512 F, BW, VL and VBMI.
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx512, Some(windows)) => unsafe { avx512::resize_row(rows, windows, out) },
            _ => plain::resize_row(rows, columns, out),
        }
    }
}

/// Every `STRIDE`-th row, with its bytes of the mask.
fn rows<'a, const CHANNELS: usize, const STRIDE: usize>(
    field: &'a [u8],
    mask: &'a mut [u8],
) -> impl Iterator<Item = (&'a [u8], &'a mut [u8])> {
    use crate::WIDTH;
    let kept = field.chunks_exact(WIDTH * CHANNELS).step_by(STRIDE);
    kept.zip(mask.chunks_exact_mut(WIDTH / STRIDE / 8))
}
