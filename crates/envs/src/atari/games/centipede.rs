//! Centipede. The points are decimal digits, two a byte, in bytes 116, 117 and 118.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(39) == mode)),
    modes: &[22, 86],
    points: |ram, _| ram.digits([116, 117, 118]),
    lives: |ram, at| if at.over { 0 } else { ((ram.byte(109) >> 4) & 7) + 1 },
    over: |ram, _| ram.byte(38) & 64 != 0,
    ..Rules::new("centipede", "91c2098e88a6b13f977af8c003e0bca5")
};
