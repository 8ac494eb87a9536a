//! King Kong. The points are decimal digits, two a byte, in bytes 2 and 3.

use super::{Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5],
    television: Television::Pal,
    menu: Some(Menu::new(|ram, mode| ram.byte(108) == 2 * mode)),
    modes: &[0, 1, 2, 3],
    points: |ram, _| ram.digits([2, 3]),
    lives: |ram, _| ram.byte(110),
    over: |ram, _| ram.byte(110) == 0,
    ..Rules::new("king_kong", "0dd4c69b5f9a7ae96a7a08329496779a")
};
