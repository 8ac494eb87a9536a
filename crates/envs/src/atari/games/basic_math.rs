//! Basic Math. Byte 4 counts the right answers, two decimal digits; byte 6 is 0 until the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5],
    menu: Some(Menu::new(|ram, mode| ram.byte(69) == mode)),
    modes: &[5, 6, 7, 8],
    difficulties: &[0, 2, 3],
    points: |ram, _| ram.decimal(4),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(6) != 0,
    ..Rules::new("basic_math", "819aeeb9a2e11deb54e6de334f843894")
};
