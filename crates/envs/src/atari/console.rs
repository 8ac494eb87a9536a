//! What a console with a game in it does, whichever emulator it is.

use super::{AtariAction, Backend, palette::Palette, sticky::Sticky};
use crate::Error;

/// The bytes of a console's memory.
pub(super) const RAM_BYTES: usize = 128;
/// The pixels of a screen line.
pub(super) const WIDTH: usize = 160;

/// A console with a game in it, frame by frame.
pub(super) trait Console: Send {
    fn backend(&self) -> Backend;

    /// Lets hot code run translated or not, where there is a translation.
    #[cfg(feature = "translate")]
    fn set_translating(&mut self, _translating: bool) {}

    /// Switches the console off and on, after this many resets since the ROM was loaded. Returns the frames that ALE
    /// counts before the reset, if it is the first, and in it. Some menus draw from the generator of the sticky actions, or take
    /// actions.
    fn reset(&mut self, resets: u32, sticky: &mut Sticky<'_>) -> (u32, u32);

    /// The frames of each start in which actions are taken, for which sticky actions are drawn.
    fn waits(&self) -> u32 {
        0
    }

    /// Takes the action for one frame, which need not be drawn where it is not seen and not the game's last. Returns the
    /// frame's reward.
    fn act(&mut self, action: AtariAction, seen: bool) -> i32;

    fn game_over(&self) -> bool;
    fn lives(&self) -> u32;
    fn minimal_actions(&self) -> Vec<AtariAction>;

    /// The lines of the screen.
    fn height(&self) -> usize;
    fn palette(&self) -> &'static Palette;

    /// Writes the last frame's palette indices, line by line.
    fn screen(&self, pixels: &mut [u8]);

    /// The pictures of the last two frames, if both were seen, the newest first: each where the console has it.
    fn pictures(&self) -> [Option<&[u8]>; 2] {
        [None, None]
    }

    /// Whether the last frame's picture is among the [`pictures`](Self::pictures) also after one more frame that is seen.
    fn keeps_picture(&self) -> bool {
        false
    }

    fn ram(&self, ram: &mut [u8]);

    /// Appends the console's state and last frame.
    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error>;

    /// Takes what `save` appended; `false` where it is of no such console.
    fn restore(&mut self, bytes: &mut &[u8]) -> Result<bool, Error>;
}
