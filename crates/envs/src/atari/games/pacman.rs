//! Pac-Man. The points are decimal digits, two a byte, in bytes 80, 78 and 76. The end waits for 63 in byte 100.

use super::{Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5],
    television: Television::Pal,
    menu: Some(Menu { presses_first: true, ..Menu::new(|ram, mode| (ram.byte(4) - 2 * mode - 6) % 16 == 0) }),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([80, 78, 76]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(24) + 1 },
    over: |ram, _| ram.byte(24) == 0 && ram.byte(100) == 63,
    ..Rules::new("pacman", "fc2233fc116faef0d3c31541717ca2db")
};
