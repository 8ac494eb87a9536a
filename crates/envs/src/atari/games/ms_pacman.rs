//! Ms. Pac-Man. The points are decimal digits, two a byte, in bytes 122, 121 and 120. The end waits for 83 in byte 39.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5, 6, 7, 8, 9],
    has_comb: false,
    menu: Some(Menu { press: 10, ..Menu::new(|ram, mode| ram.byte(19) == (mode + 3) % 4) }),
    modes: &[0, 1, 2, 3],
    points: |ram, _| ram.digits([122, 121, 120]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(123) & 7) + 1 },
    over: |ram, _| ram.byte(123) & 15 == 0 && ram.byte(39) == 83,
    ..Rules::new("ms_pacman", "87e79cd41ce136fd4f72cc6e2c161bee")
};
