//! Gopher. The points are decimal digits, two a byte, in bytes 48, 49 and 50. The three low bits of byte 52 are the carrots.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 10, 11, 12],
    menu: Some(Menu { reset: 8, press: 5, ..Menu::new(|ram, mode| ram.byte(83) == mode) }),
    modes: &[0, 2],
    difficulties: &[0, 1],
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([48, 49, 50]),
    lives: |ram, _| (ram.byte(52) & 7).count_ones() as i32,
    over: |ram, _| ram.byte(52) & 7 == 0,
    ..Rules::new("gopher", "c16c79aad6272baffb8aae9a7fff0864")
};
