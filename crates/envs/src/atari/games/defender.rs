//! Defender. Each digit is a byte of its own; 10 is a blank.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(27) == mode)),
    modes: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 16],
    difficulties: &[0, 1],
    points: |ram, _| (28..=33).rev().fold(0, |number, at| 10 * number + ram.digit(at)),
    lives: |ram, _| ram.byte(66),
    over: |ram, _| ram.byte(66) == 0,
    ..Rules::new("defender", "0f643c34e40e3f1daafd9c524d3ffe64")
};
