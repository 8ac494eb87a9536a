//! Crossbow. The points are decimal digits, two a byte, in bytes 11, 12 and 13. Byte 103 is 130 at the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(13) == mode + 1)),
    modes: &[0, 2, 4, 6],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([11, 12, 13]),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(103) == 130,
    ..Rules::new("crossbow", "8cd26dcf249456fe4aeb8db42d49df74")
};
