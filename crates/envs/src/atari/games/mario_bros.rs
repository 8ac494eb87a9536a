//! Mario Bros. The points are decimal digits, two a byte, in bytes 9 and 10.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 5, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 2, 4, 6],
    first_actions: &[(0, 10), (1, 7)],
    points: |ram, _| 100 * ram.digits([9, 10]),
    lives: |ram, _| ram.byte(7),
    over: |ram, _| ram.byte(7) == 0,
    ..Rules::new("mario_bros", "e908611d99890733be31733a979c62d8")
};
