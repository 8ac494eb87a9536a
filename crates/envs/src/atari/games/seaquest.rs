//! Seaquest. The points are decimal digits, two a byte, in bytes 56, 57 and 58.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([56, 57, 58]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(59) + 1 },
    over: |ram, _| ram.byte(35) != 0,
    ..Rules::new("seaquest", "240bfbac5163af4df5ae713985386f92")
};
