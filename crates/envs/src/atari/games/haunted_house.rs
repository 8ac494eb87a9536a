//! Haunted House. Byte 2 counts the matches, of which each costs a point. The urn is out of the house, which is worth 100, where
//! byte 25 is 68.

use super::{Memory, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(76) == mode)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    difficulties: &[0, 1],
    points: |ram, _| ram.byte(2) + if is_out(ram) { WON } else { 0 },
    lives: |ram, _| if is_out(ram) { 0 } else { ram.byte(22) },
    over: |ram, _| is_out(ram) || ram.byte(22) == 0,
    reward: |before, points| points / WON * 100 - i32::from(before % WON != points % WON),
    ..Rules::new("haunted_house", "f0a6e99f5875891246c3dbecbf2d2cea")
};

/// What the way out counts in the points that are kept here, more than any number of matches.
const WON: i32 = 256;

fn is_out(ram: Memory<'_>) -> bool {
    ram.byte(25) == 68
}
