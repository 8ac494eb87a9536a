//! Private Eye. The points are decimal digits, two a byte, in bytes 72, 73 and 74.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(0) == mode)),
    modes: &[0, 1, 2, 3, 4],
    difficulties: &[0, 1, 2, 3],
    first_actions: &[(2, 1)],
    points: |ram, _| ram.digits([72, 73, 74]),
    over: |ram, _| ram.byte(66) >= 2,
    ..Rules::new("private_eye", "ef3a4f64b6494ba770862768caf04b86")
};
