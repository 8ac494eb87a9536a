//! Asterix. The points are decimal digits, two a byte, in bytes 94, 95 and 96. The last life is lost while byte 71 is 1.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9],
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([94, 95, 96]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(83) & 15 },
    over: |ram, _| ram.byte(71) == 1 && ram.byte(83) & 15 == 1,
    ..Rules::new("asterix", "89a68746eff7f266bbf08de2483abe55")
};
