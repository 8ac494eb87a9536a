//! Asteroids. The points are decimal digits, two a byte, in bytes 61 and 62. The points start again after 99,990.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15],
    has_comb: false,
    menu: Some(Menu::new(|ram, mode| ram.byte(0) == mode)),
    modes: &[
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 128,
    ],
    difficulties: &[0, 3],
    points: |ram, _| 10 * ram.digits([61, 62]),
    lives: |ram, _| ram.byte(60) >> 4,
    over: |ram, _| ram.byte(60) >> 4 == 0,
    reward: |before, points| if points < before { points - before + 100_000 } else { points - before },
    ..Rules::new("asteroids", "ccbd36746ed4525821a8083b0d6d2c2c")
};
