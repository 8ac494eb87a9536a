//! Chopper Command. The points are decimal digits, two a byte, in bytes 108 and 110.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(96) == mode)),
    modes: &[0, 2],
    difficulties: &[0, 1],
    points: |ram, _| 100 * ram.digits([108, 110]),
    lives: |ram, _| ram.byte(100) & 15,
    over: |ram, _| ram.byte(100) & 15 == 0,
    ..Rules::new("chopper_command", "c1cb228470a87beb5f36e90ac745da26")
};
