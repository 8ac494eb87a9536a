//! Time Pilot. The points are decimal digits, two a byte, in bytes 15 and 13.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13],
    difficulties: &[0, 1, 2],
    first_lives: 5,
    points: |ram, _| 100 * ram.digits([15, 13]),
    lives: |ram, at| {
        if at.over {
            0
        } else if ram.byte(0) & 15 == 2 {
            (ram.byte(11) & 7) + 1
        } else {
            at.lives
        }
    },
    over: |ram, _| ram.byte(32) != 0,
    ..Rules::new("time_pilot", "fc2104dd2dadf9a6176c1c1c8f87ced9")
};
