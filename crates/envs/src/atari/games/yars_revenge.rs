//! Yars' Revenge. The points are decimal digits, two a byte, in bytes 96, 97 and 98. The upper half of byte 30 counts the lives.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { presses_first: true, ..Menu::new(|ram, mode| ram.byte(99) == mode) }),
    modes: &[0, 32, 64, 96],
    difficulties: &[0, 1],
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([96, 97, 98]),
    lives: |ram, _| ram.byte(30) >> 4,
    over: |ram, _| ram.byte(30) >> 4 == 0,
    ..Rules::new("yars_revenge", "c5930d0e8cdae3e037349bfa08e871be")
};
