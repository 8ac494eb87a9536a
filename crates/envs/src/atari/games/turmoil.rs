//! Turmoil. The points are decimal digits, two a byte, in bytes 10 and 9.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(106) == mode)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    first_actions: &[(1, 1)],
    points: |ram, _| 10 * (ram.digits([10, 9]) + ram.byte(83)),
    lives: |ram, _| ram.byte(57),
    over: |ram, _| ram.byte(57) == 0 && ram.byte(69) == 1,
    ..Rules::new("turmoil", "7a5463545dfb2dcfdafa6074b2f2c15e")
};
