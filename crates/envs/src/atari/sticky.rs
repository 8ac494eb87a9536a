//! Sticky actions: each frame repeats the action before with a probability.

use super::{AtariAction, mt19937::Mt19937};

/// What decides whether a frame takes its action.
pub(super) struct Sticky<'a> {
    pub(super) generator: &'a mut Mt19937,
    /// The code of the action that is held.
    pub(super) held: &'a mut u8,
    pub(super) repeat_probability: f64,
}

impl Sticky<'_> {
    /// Holds the new action or keeps the old one, as ALE decides it once a frame: the first draw is player A's, the
    /// second player B's.
    pub(super) fn stick(&mut self, action: AtariAction) -> AtariAction {
        if self.repeat_probability > 0.0 {
            let draw = self.generator.next_f64();
            self.generator.next_u32();
            if draw < self.repeat_probability {
                return AtariAction::new(*self.held).unwrap_or(AtariAction::NOOP);
            }
        }
        *self.held = action.code();
        action
    }
}
