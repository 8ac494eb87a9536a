//! The actions of all games.

/// A position of the joystick and its button: one of ALE's 18 actions.
///
/// | code | action | code | action | code | action |
/// |---|---|---|---|---|---|
/// | 0 | no-op | 6 | up right | 12 | left fire |
/// | 1 | fire | 7 | up left | 13 | down fire |
/// | 2 | up | 8 | down right | 14 | up right fire |
/// | 3 | right | 9 | down left | 15 | up left fire |
/// | 4 | left | 10 | up fire | 16 | down right fire |
/// | 5 | down | 11 | right fire | 17 | down left fire |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtariAction(u8);

impl AtariAction {
    /// No key pressed.
    pub const NOOP: Self = Self(0);
    const COUNT: u8 = 18;

    /// The action of this code, if there is one.
    pub fn new(code: u8) -> Option<Self> {
        (code < Self::COUNT).then_some(Self(code))
    }

    /// All actions, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// ALE's number of the action.
    pub fn code(self) -> u8 {
        self.0
    }
}
