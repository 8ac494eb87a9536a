//! Road Runner.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| 100 * (73..=76).rev().fold(0, |number, at| 10 * number + ram.digit(at)),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(68) & 7) + 1 },
    over: |ram, _| ram.byte(68) & 7 == 0 && (ram.byte(57) != 0 || ram.byte(61) != 0),
    ..Rules::new("road_runner", "ce5cc62608be2cd3ed8abd844efb8919")
};
