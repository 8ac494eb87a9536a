//! What the players do.

use serde::{Deserialize, Serialize};

/// What is connected to the console, and how it stands.
///
/// ```
/// // The first joystick to the right, its button pressed.
/// let inputs = vcs::Inputs { swcha: !0x80, fire: [true, false], ..Default::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The port of the joysticks: bits 7 to 4 are right, left, down, up of the first, bits 3 to 0 those of the second;
    /// 0 is pressed. Bits 7 and 6 are also the buttons of the first two paddles.
    pub swcha: u8,
    /// The console's switches: bit 0 reset and bit 1 select (0 is pressed), bit 3 colour, bits 6 and 7 difficulty.
    pub swchb: u8,
    /// Whether the joysticks' buttons are pressed.
    pub fire: [bool; 2],
    /// The cycles that the paddles' capacitors take to charge; `None` where there is no paddle.
    pub paddles: [Option<u32>; 4],
}

impl Default for Inputs {
    /// Two joysticks that nobody touches; colour, both difficulties B.
    fn default() -> Self {
        Self { swcha: 0xff, swchb: 0x3f, fire: [false; 2], paddles: [None; 4] }
    }
}
