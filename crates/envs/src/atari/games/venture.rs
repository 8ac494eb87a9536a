//! Venture. The points are hundreds, decimal digits, two a byte, in bytes 71 and 72. The end waits for bytes 63 and 77.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| 100 * ram.digits([71, 72]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(70) & 7) + 1 },
    over: |ram, _| ram.byte(70) == 0 && ram.byte(77) == 255 && ram.byte(63) & 128 != 0,
    ..Rules::new("venture", "3e899eba0ca8cd2972da1ae5479b4f0d")
};
