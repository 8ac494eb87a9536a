//! Demon Attack. ABCDEA in place of the digits is the game's title.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(106) == mode) }),
    modes: &[1, 3, 5, 7],
    difficulties: &[0, 1],
    points: |ram, _| if [1, 3, 5].map(|at| ram.byte(at)) == [0xab, 0xcd, 0xea] { 0 } else { ram.digits([1, 3, 5]) },
    lives: |ram, at| if at.over { 0 } else { ram.byte(114) + 1 },
    over: |ram, _| ram.byte(114) == 0 && ram.byte(113) == 189,
    ..Rules::new("demon_attack", "f0e0addc07971561ab80d9abe1b8d333")
};
