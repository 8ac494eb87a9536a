//! Pitfall! The points are decimal digits, two a byte, in bytes 85, 86 and 87. The upper half of byte 0 shows the spare lives as
//! marks; byte 30 is not 0 at the end.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    first_actions: &[(2, 1)],
    points: |ram, _| ram.digits([85, 86, 87]),
    lives: |ram, at| match ram.byte(0) >> 4 {
        _ if at.over => 0,
        0xa => 3,
        0x8 => 2,
        _ => 1,
    },
    over: |ram, _| ram.byte(0) >> 4 == 0 && ram.byte(30) != 0,
    ..Rules::new("pitfall", "3e90cf23106f2e08b2781e41299de556")
};
