//! Sir Lancelot. The points are decimal digits, two a byte, in bytes 30, 31 and 32. Byte 39 is 160 at the end.

use super::{Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    television: Television::Pal,
    first_actions: &[(40, 1), (2, 1)],
    points: |ram, _| ram.digits([30, 31, 32]),
    lives: |ram, _| ram.byte(41),
    over: |ram, _| ram.byte(41) == 0 && ram.byte(39) == 160,
    ..Rules::new("sir_lancelot", "dd0cbe5351551a538414fb9e37fc56e8")
};
