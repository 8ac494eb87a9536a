//! Robotank.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.byte(53) + 12 * ram.byte(54),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(40) & 15) + 1 },
    over: |ram, _| ram.byte(40) == 0 && ram.byte(52) == 255,
    ..Rules::new("robotank", "4f618c2429138e0280969193ed6c107e")
};
