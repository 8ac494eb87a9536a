//! Zaxxon. The points are hundreds, decimal digits, two a byte, in bytes 104 and 105.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 10, ..Menu::new(|ram, mode| ram.byte(2) == mode) }),
    modes: &[0, 8, 16, 24],
    points: |ram, _| 100 * ram.digits([104, 105]),
    lives: |ram, _| ram.byte(106) & 7,
    over: |ram, _| ram.byte(106) & 7 == 0,
    ..Rules::new("zaxxon", "eea0da9b987d661264cce69a7c13c3bd")
};
