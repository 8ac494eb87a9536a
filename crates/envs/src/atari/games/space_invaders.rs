//! Space Invaders. The points are decimal digits, two a byte, in bytes 102 and 104.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(92) == mode)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([102, 104]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(73) },
    over: |ram, _| ram.byte(73) == 0 || ram.byte(24) >= 128,
    reward: |before, points| if points < before { points - before + 10_000 } else { points - before },
    ..Rules::new("space_invaders", "72ffbef6504b75e69ee1045af9075f66")
};
