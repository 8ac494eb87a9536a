//! Skiing. The points are decimal digits, two a byte, in bytes 105 and 106.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 3, 4],
    first_actions: &[(5, 16)],
    points: |ram, _| 0 - 6000 * ram.byte(104) - ram.digits([105, 106]),
    over: |ram, _| ram.byte(17) == 255,
    ..Rules::new("skiing", "b76fbadc8ffb1f83e2ca08b6fb4d6c9f")
};
