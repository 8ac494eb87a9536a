//! Lost Luggage. The points are decimal digits, two a byte, in bytes 20, 21 and 22. Bytes 37, 41 and 72 tell the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9],
    menu: Some(Menu::new(|ram, mode| ram.byte(20) == 3 * mode + 1)),
    modes: &[0, 1],
    difficulties: &[0, 1],
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([20, 21, 22]),
    lives: |ram, _| ram.byte(74),
    over: |ram, _| [37, 41, 74].map(|at| ram.byte(at)) == [0; 3] && ram.byte(72) == 10,
    ..Rules::new("lost_luggage", "2d76c5d1aad506442b9e9fb67765e051")
};
