//! Keystone Kapers. The points are decimal digits, two a byte, in bytes 27 and 28. Byte 8 is 0 at the end.

use super::{Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    television: Television::Pal,
    points: |ram, _| ram.digits([27, 28]),
    lives: |ram, _| ram.byte(22),
    over: |ram, _| ram.byte(22) == 0 && ram.byte(8) == 0,
    ..Rules::new("keystone_kapers", "6c1f3f2e359dbf55df462ccbcdd2f6bf")
};
