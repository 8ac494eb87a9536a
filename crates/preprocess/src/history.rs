//! The masks of an environment's last frames.

use envs::Error;
use serde::{Deserialize, Serialize};

use crate::{DifferenceConfig, Masker, Phi, difference};

/// A ring of the last `distance + 1` masks. It starts with the first frame as `phi` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct History {
    masks: Vec<u8>,
    newest: usize,
    /// The mask that the frame is held against: of the episode's first one, or of nothing.
    against: Vec<u8>,
}

impl History {
    pub(crate) fn new(masker: &Masker, config: &DifferenceConfig) -> Self {
        let mask_len = masker.mask_len();
        Self { masks: vec![0; mask_len * (config.distance + 1)], newest: 0, against: vec![0; mask_len] }
    }

    /// Forgets all and begins with this frame.
    pub(crate) fn start(
        &mut self,
        masker: &Masker,
        config: &DifferenceConfig,
        frame: &[u8],
        out: &mut [i8],
    ) -> Result<(), Error> {
        let mask_len = masker.mask_len();
        self.newest = 0;
        masker.mask(frame, &mut self.masks[..mask_len])?;
        let (first, missing) = self.masks.split_at_mut(mask_len);
        if config.against_first {
            self.against.copy_from_slice(first);
        }
        for mask in missing.chunks_exact_mut(mask_len) {
            match config.phi {
                Phi::Difference => mask.copy_from_slice(first),
                Phi::Blog => mask.fill(0),
            }
        }
        self.write(mask_len, out)
    }

    /// Takes in the next frame, in place of the oldest.
    pub(crate) fn advance(&mut self, masker: &Masker, frame: &[u8], out: &mut [i8]) -> Result<(), Error> {
        let mask_len = masker.mask_len();
        self.newest = self.oldest(mask_len);
        masker.mask(frame, &mut self.masks[self.newest * mask_len..][..mask_len])?;
        self.write(mask_len, out)
    }

    /// Whether this is a ring that `like` can be replaced with.
    pub(crate) fn fits(&self, like: &Self, mask_len: usize) -> bool {
        self.masks.len() == like.masks.len()
            && self.against.len() == mask_len
            && self.newest < self.masks.len() / mask_len
    }

    fn oldest(&self, mask_len: usize) -> usize {
        (self.newest + 1) % (self.masks.len() / mask_len)
    }

    fn write(&self, mask_len: usize, out: &mut [i8]) -> Result<(), Error> {
        let mask = |slot: usize| &self.masks[slot * mask_len..][..mask_len];
        let now = mask(self.newest);
        // What stands before the difference, if anything, is the frame.
        let (frame, change) = out.split_at_mut(out.len() - mask_len * 8);
        if !frame.is_empty() {
            difference(now, &self.against, frame)?;
        }
        difference(now, mask(self.oldest(mask_len)), change)
    }
}
