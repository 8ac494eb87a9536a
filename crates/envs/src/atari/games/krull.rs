//! Krull. The points are decimal digits, two a byte, in bytes 28, 29 and 30. The end waits for bytes 0 and 34.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.digits([28, 29, 30]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(31) & 7) + 1 },
    over: |ram, _| ram.byte(31) == 0 && ram.byte(0) == 128 && ram.byte(34) == 3,
    ..Rules::new("krull", "4baada22435320d185c95b7dd2bcdb24")
};
