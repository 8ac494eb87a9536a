//! Fishing Derby. The points are the decimal digits of byte 61, ours, less those of byte 62; 99 win.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.decimal(61) - ram.decimal(62),
    over: |ram, _| ram.byte(61) == 153 || ram.byte(62) == 153,
    ..Rules::new("fishing_derby", "b8865f05676e64f3bec72b9defdacfa7")
};
