//! Name This Game. The points are decimal digits, two a byte, in bytes 68, 69 and 70.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(94) == mode)),
    modes: &[8, 24, 40],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([68, 69, 70]),
    lives: |ram, _| ram.byte(71) & 7,
    over: |ram, _| ram.byte(71) & 7 == 0,
    ..Rules::new("name_this_game", "36306070f0c90a72461551a7a4f3a209")
};
