//! What is plugged into the native console, and how the Arcade Learning Environment's actions move it.

use serde::{Deserialize, Serialize};
use vcs::Inputs;

/// The controllers that a game is played with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Controllers {
    /// Two joysticks, of which this one (0 or 1) is moved.
    Joysticks {
        /// The joystick that the actions move.
        player: usize,
    },
    /// Four paddles, of which this one (0 or 1) is moved.
    Paddles {
        /// The paddle that the actions move.
        player: usize,
    },
}

/// The resistance of a paddle: how far one frame moves it, and its ends. Measured by a program that counts until the
/// capacitor is charged.
const STEP: u32 = 23_000;
const LEAST: u32 = 27_450;
const MOST: u32 = 790_196;

/// The controllers and how they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    controllers: Controllers,
    resistance: u32,
    /// The highest resistance.
    most: u32,
    /// Whether there is a second pair of paddles.
    has_second_pair: bool,
}

impl Controls {
    /// The controllers as they stand at a game's start.
    pub fn new(controllers: Controllers) -> Self {
        Self { controllers, resistance: middle(MOST), most: MOST, has_second_pair: true }
    }

    /// Paddles of another highest resistance, in ohm.
    pub(super) fn with_most(self, most: u32) -> Self {
        Self { resistance: middle(most), most, ..self }
    }

    /// Only one pair of paddles.
    pub(super) fn without_second_pair(self) -> Self {
        Self { has_second_pair: false, ..self }
    }

    /// Moves the controllers for one frame of an action, which is one of the environment's codes from 0 to 17.
    ///
    /// ```
    /// use envs::atari::{Controllers, Controls};
    /// let right_and_fire = Controls::new(Controllers::Joysticks { player: 0 }).act(11);
    /// assert_eq!((right_and_fire.swcha, right_and_fire.fire), (0x7f, [true, false]));
    /// let right_and_fire = Controls::new(Controllers::Joysticks { player: 1 }).act(11);
    /// assert_eq!((right_and_fire.swcha, right_and_fire.fire), (0xf7, [false, true]));
    /// ```
    pub fn act(&mut self, action: u8) -> Inputs {
        let [up, down, left, right, fire] = Self::pressed(action);
        let mut inputs = Inputs::default();
        match self.controllers {
            Controllers::Joysticks { player } => {
                let bits = [(right, 7), (left, 6), (down, 5), (up, 4)];
                let pressed: u8 = bits.map(|(pressed, bit)| u8::from(pressed) << bit).iter().sum();
                inputs.swcha = if player == 0 { !pressed } else { !(pressed >> 4) };
                if let Some(pressed) = inputs.fire.get_mut(player) {
                    *pressed = fire;
                }
            }
            Controllers::Paddles { player } => {
                if right {
                    self.resistance = self.resistance.saturating_sub(STEP).max(LEAST);
                }
                if left {
                    self.resistance = (self.resistance + STEP).min(self.most);
                }
                if fire {
                    inputs.swcha = !(0x80 >> player);
                }
                // The second pair has no resistance at all.
                let (middle, second) = (Some(charging_cycles(middle(self.most))), self.has_second_pair.then_some(0));
                inputs.paddles = [middle, middle, second, second];
                if let Some(cycles) = inputs.paddles.get_mut(player) {
                    *cycles = Some(charging_cycles(self.resistance));
                }
            }
        }
        inputs
    }

    /// Up, down, left, right and fire.
    fn pressed(action: u8) -> [bool; 5] {
        [
            matches!(action, 2 | 6 | 7 | 10 | 14 | 15),
            matches!(action, 5 | 8 | 9 | 13 | 16 | 17),
            matches!(action, 4 | 7 | 9 | 12 | 15 | 17),
            matches!(action, 3 | 6 | 8 | 11 | 14 | 16),
            matches!(action, 1 | 10..=17),
        ]
    }
}

/// Where a paddle starts.
fn middle(most: u32) -> u32 {
    LEAST.midpoint(most)
}

/// 1.6 R C at 1.19 MHz, with a capacitor of 10 nF.
fn charging_cycles(resistance: u32) -> u32 {
    (f64::from(resistance) * 1.6 * 0.01e-6 * 1.19e6) as u32
}
