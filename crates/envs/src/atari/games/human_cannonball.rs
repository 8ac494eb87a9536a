//! Human Cannonball. Byte 54 counts the points in decimal digits, byte 55 the misses; seven of either end the game. While the game
//! is chosen, byte 54 tells it, and byte 55 is 1 when it can be left.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(54) == mode + 1 && ram.byte(55) == 1)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7],
    difficulties: &[0, 1],
    points: |ram, _| ram.decimal(54),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(54) == 7 || ram.byte(55) == 7,
    ..Rules::new("human_cannonball", "7972e5101fa548b952d852db24ad6060")
};
