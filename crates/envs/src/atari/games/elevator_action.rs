//! Elevator Action. The points are decimal digits, two a byte, in bytes 7, 8 and 9. The end waits for byte 1.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    first_actions: &[(1, 16)],
    points: |ram, _| ram.digits([7, 8, 9]),
    lives: |ram, _| ram.byte(3),
    over: |ram, _| ram.byte(3) == 0 && ram.byte(1) != 0,
    ..Rules::new("elevator_action", "71f8bacfbdca019113f3f0801849057e")
};
