//! Frogger. The points are decimal digits, two a byte, in bytes 76 and 78. Byte 80 is below 0 at the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5],
    menu: Some(Menu::new(|ram, mode| ram.byte(93) == 2 * mode + 1)),
    modes: &[0, 1, 2],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([76, 78]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(80) },
    over: |ram, _| ram.byte(80) == 255,
    ..Rules::new("frogger", "081e2c114c9c20b61acf25fc95c71bf4")
};
