//! Frostbite. The points are decimal digits, two a byte, in bytes 72, 73 and 74. The end waits for bit 7 of byte 113.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 2],
    points: |ram, _| ram.digits([72, 73, 74]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(76) & 15) + 1 },
    over: |ram, _| ram.byte(76) & 15 == 0 && ram.byte(113) >= 128,
    ..Rules::new("frostbite", "4ca73eb959299471788f0b685c3ba0b5")
};
