//! Air Raid. The points are decimal digits, two a byte, in bytes 40, 41 and 42.

use super::{Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    television: Television::Pal,
    menu: Some(Menu { press: 10, presses_before: true, ..Menu::new(|ram, mode| ram.byte(42) == mode) }),
    modes: &[1, 2, 3, 4, 5, 6, 7, 8],
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([40, 41, 42]),
    lives: |ram, _| if ram.byte(39) == 255 { 0 } else { 1 },
    over: |ram, _| ram.byte(39) == 255,
    ..Rules::new("air_raid", "35be55426c1fec32dfb503b4f0651572")
};
