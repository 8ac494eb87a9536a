//! Laser Gates. The points are decimal digits, two a byte, in bytes 0, 1 and 2.

use super::{Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    television: Television::Pal,
    first_actions: &[(40, 1)],
    points: |ram, _| ram.digits([0, 1, 2]),
    over: |ram, _| ram.byte(3) == 0,
    ..Rules::new("laser_gates", "8e4cd60d93fcde8065c1a2b972a26377")
};
