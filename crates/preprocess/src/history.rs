//! The masks of an environment's last frames.

use envs::Error;
use serde::{Deserialize, Serialize};

use crate::{DifferenceConfig, Masker, Phi, difference};

/// The largest mask of a frame without anything.
const BLANK: [u8; 800] = [0; 800];

/// A ring of the last `distance + 1` masks. It starts with the first frame as `phi` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct History {
    masks: Vec<u8>,
    newest: usize,
}

impl History {
    pub(crate) fn new(masker: &Masker, config: &DifferenceConfig) -> Self {
        Self { masks: vec![0; masker.mask_len() * (config.distance + 1)], newest: 0 }
    }

    /// Forgets all and begins with this frame.
    pub(crate) fn start(&mut self, masker: &Masker, phi: Phi, frame: &[u8], out: &mut [i8]) -> Result<(), Error> {
        let mask_len = masker.mask_len();
        self.newest = 0;
        masker.mask(frame, &mut self.masks[..mask_len])?;
        let (first, missing) = self.masks.split_at_mut(mask_len);
        for mask in missing.chunks_exact_mut(mask_len) {
            match phi {
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
        self.masks.len() == like.masks.len() && self.newest < self.masks.len() / mask_len
    }

    fn oldest(&self, mask_len: usize) -> usize {
        (self.newest + 1) % (self.masks.len() / mask_len)
    }

    fn write(&self, mask_len: usize, out: &mut [i8]) -> Result<(), Error> {
        let mask = |slot: usize| &self.masks[slot * mask_len..][..mask_len];
        let now = mask(self.newest);
        // What stands before the difference, if anything, is the frame: its difference from nothing.
        let (frame, change) = out.split_at_mut(out.len() - mask_len * 8);
        if !frame.is_empty() {
            difference(now, &BLANK[..mask_len], frame)?;
        }
        difference(now, mask(self.oldest(mask_len)), change)
    }
}
