//! Freeway. A frame brings one point at most, and a new game takes none away.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 5],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7],
    difficulties: &[0, 1],
    points: |ram, _| ram.decimal(103),
    over: |ram, _| ram.byte(22) == 1,
    reward: |before, points| (points - before).clamp(0, 1),
    ..Rules::new("freeway", "8e0ab801b1705a740b476b7f588c6d16")
};
