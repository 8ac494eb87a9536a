//! Up 'n Down. The points are decimal digits, two a byte, in bytes 0, 1 and 2. The end waits for byte 20.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5, 10, 13],
    difficulties: &[0, 1, 2, 3],
    shown: Some((30, 210)),
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([0, 1, 2]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(6) & 15) + 1 },
    over: |ram, _| ram.byte(6) & 15 == 0 && ram.byte(20) > 64,
    ..Rules::new("up_n_down", "a499d720e7ee35c62424de882a3351b6")
};
