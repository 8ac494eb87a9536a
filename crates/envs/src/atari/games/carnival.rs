//! Carnival. The points are tens, decimal digits, two a byte, in bytes 45 and 46. The end comes with the last bullet, byte 3.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    shown: Some((26, 214)),
    points: |ram, _| 10 * ram.digits([45, 46]),
    over: |ram, _| ram.byte(3) == 0,
    ..Rules::new("carnival", "028024fb8e5e5f18ea586652f9799c96")
};
