//! Donkey Kong. The points are decimal digits, two a byte, in bytes 7 and 8. The last life is lost when the timer's bytes 11
//! and 15 say so.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| 100 * ram.digits([7, 8]),
    lives: |ram, _| ram.byte(35),
    over: |ram, _| ram.byte(35) == 0 && ram.byte(11) == 31 && ram.byte(15) == 3,
    ..Rules::new("donkey_kong", "36b20c427975760cb9cf4a47e41369e4")
};
