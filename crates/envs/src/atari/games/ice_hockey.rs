//! Ice Hockey. A frame brings one point at most.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(0) == mode)),
    modes: &[0, 2],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.decimal(10) - ram.decimal(11),
    over: |ram, _| ram.byte(6) == 0 && ram.byte(7) == 0,
    reward: |before, points| (points - before).min(1),
    ..Rules::new("ice_hockey", "a4c08c4994eb9d24fb78be1793e82e26")
};
