//! TRON: Deadly Discs. The points are decimal digits, two a byte, in bytes 61, 62 and 63. Byte 72 counts the hits.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([61, 62, 63]),
    lives: |ram, _| 5 - ram.byte(72),
    over: |ram, _| ram.byte(72) == 5,
    ..Rules::new("trondead", "fb27afe896e7c928089307b32e5642ee")
};
