//! Journey Escape. The points are decimal digits, two a byte, in bytes 16, 17 and 18; the 50,000 of a new game are no reward.
//! The end comes when the time is up, bytes 21 and 22.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1],
    shown: Some((34, 230)),
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([16, 17, 18]),
    over: |ram, _| ram.byte(21) == 0 && ram.byte(22) == 0,
    reward: |before, points| if points - before == 50_000 { 0 } else { points - before },
    ..Rules::new("journey_escape", "718ae62c70af4e5fd8e932fee216948a")
};
