//! Tetris. The points are decimal digits, two a byte, in bytes 114 and 113.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 5],
    draws_all: true,
    points: |ram, _| ram.digits([114, 113]),
    over: |ram, _| ram.byte(115) >= 128,
    ..Rules::new("tetris", "b0e1ee07fbc73493eac5651a52f90f00")
};
