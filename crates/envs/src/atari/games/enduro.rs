//! Enduro. Byte 45 is the day, bytes 44 and 43 the cars still to pass: 200 on the first day, 300 on all others.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 5, 8, 9, 11, 12],
    first_actions: &[(1, 1)],
    points: |ram, _| match ram.byte(45) {
        0 => 0,
        1 => 200 - ram.digits([44, 43]),
        day => 200 + 300 * (day - 1) - ram.digits([44, 43]),
    },
    over: |ram, _| ram.byte(47) == 255,
    ..Rules::new("enduro", "94b92a882f6dbaa6993a46e2dcc58402")
};
