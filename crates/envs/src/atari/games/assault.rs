//! Assault. The points are decimal digits, two a byte, in bytes 0, 1 and 2.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 11, 12],
    points: |ram, _| ram.digits([0, 1, 2]),
    lives: |ram, _| ram.byte(101),
    over: |ram, _| ram.byte(101) == 0,
    ..Rules::new("assault", "de78b3a064d374390ac0710f95edde92")
};
