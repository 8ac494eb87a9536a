//! Solaris. The points are decimal digits, two a byte, in bytes 94, 93 and 92.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| 10 * ram.digits([94, 93, 92]),
    lives: |ram, _| ram.byte(89) & 15,
    over: |ram, _| ram.byte(89) == 0,
    ..Rules::new("solaris", "e72eb8d4410152bdcb69e7fba327b420")
};
