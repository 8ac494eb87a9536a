//! Bowling. The points are decimal digits, two a byte, in bytes 38 and 33.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5, 10, 13],
    menu: Some(Menu::new(|ram, mode| ram.byte(2) == mode)),
    modes: &[0, 2, 4],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([38, 33]),
    over: |ram, _| ram.byte(36) > 16,
    ..Rules::new("bowling", "c9b7afad3bfd922e006a6bfc1d4f3fe7")
};
