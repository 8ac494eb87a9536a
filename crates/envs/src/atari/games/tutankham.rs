//! Tutankham. The points are decimal digits, two a byte, in bytes 26 and 28.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 10, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(43) == mode)),
    modes: &[0, 4, 8, 12],
    points: |ram, _| ram.digits([26, 28]),
    lives: |ram, _| ram.byte(30) & 3,
    over: |ram, _| ram.byte(30) == 0,
    ..Rules::new("tutankham", "085322bae40d904f53bdcc56df0593fc")
};
