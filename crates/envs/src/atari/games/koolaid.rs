//! Kool-Aid Man. The points are decimal digits, two a byte, in bytes 0 and 1. Byte 81 is 80 at the end.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9],
    points: |ram, _| 100 * ram.digits([0, 1]),
    over: |ram, _| ram.byte(81) == 128,
    ..Rules::new("koolaid", "534e23210dd1993c828d944c6ac4d9fb")
};
