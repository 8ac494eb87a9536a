//! Breakout. The points are decimal digits, two a byte, in bytes 76 and 77.

use super::{Controllers, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4],
    controllers: Controllers::Paddles { player: 0 },
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(50) == mode) }),
    modes: &[0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44],
    difficulties: &[0, 1],
    starts_alike: true,
    points: |ram, _| 100 * (ram.byte(76) & 15) + ram.decimal(77),
    lives: |ram, _| ram.byte(57),
    over: |ram, _| ram.byte(57) == 0,
    ..Rules::new("breakout", "f34f08e5eb96e500e851a80be3277a56")
};
