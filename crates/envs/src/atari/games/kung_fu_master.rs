//! Kung-Fu Master. The points are decimal digits, two a byte, in bytes 24, 25 and 26. Byte 29 is 255 at the end.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 8, 9, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.digits([24, 25, 26]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(29) & 7) + 1 },
    over: |ram, _| ram.byte(29) == 255,
    ..Rules::new("kung_fu_master", "5b92a93b23523ff16e2789b820e2a4c5")
};
