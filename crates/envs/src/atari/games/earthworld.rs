//! Earthworld.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.decimal(39),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(39) == 10 || ram.byte(39) == 16,
    ..Rules::new("earthworld", "5aea9974b975a6a844e6df10d2b861c4")
};
