//! Amidar. The points are decimal digits, two a byte, in bytes 91, 90 and 89. Byte 86 is 80 at the end.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13],
    draws_all: true,
    difficulties: &[0, 3],
    points: |ram, _| ram.digits([91, 90, 89]),
    lives: |ram, _| ram.byte(86) & 15,
    over: |ram, _| ram.byte(86) == 128,
    ..Rules::new("amidar", "acb7750b4d0c4bd34969802a7deb2990")
};
