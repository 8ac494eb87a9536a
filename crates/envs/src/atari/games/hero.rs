//! H.E.R.O.. The points are decimal digits, two a byte, in bytes 55, 56 and 57.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 1, 2, 3, 4],
    points: |ram, _| ram.digits([55, 56, 57]),
    lives: |ram, _| ram.byte(51),
    over: |ram, _| ram.byte(51) == 0,
    ..Rules::new("hero", "fca4a5be1251927027f2c24774a02160")
};
