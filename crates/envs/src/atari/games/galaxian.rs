//! Galaxian. The points are decimal digits, two a byte, in bytes 44, 45 and 46. Bit 7 of byte 63 is the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(51) == mode) }),
    modes: &[1, 2, 3, 4, 5, 6, 7, 8, 9],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([44, 45, 46]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(57) + 1 },
    over: |ram, _| ram.byte(63) >= 128,
    ..Rules::new("galaxian", "211774f4c5739042618be8ff67351177")
};
