//! Crazy Climber. Each byte is one digit.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9],
    menu: Some(Menu::new(|ram, mode| ram.byte(0) == mode)),
    modes: &[0, 1, 2, 3],
    difficulties: &[0, 1],
    points: |ram, _| 100 * (ram.byte(2) + 10 * ram.byte(3) + 100 * ram.byte(4) + 1000 * ram.byte(5)),
    lives: |ram, _| ram.byte(42),
    over: |ram, _| ram.byte(42) == 0,
    ..Rules::new("crazy_climber", "55ef7b65066428367844342ed59f956c")
};
