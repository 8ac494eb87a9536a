//! Alien. Each digit is the upper five bits of a byte of its own; 80 is a blank.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(1) == mode) }),
    modes: &[0, 1, 2, 3],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| [11, 9, 7, 5, 3].iter().rev().fold(0, |number, &at| 10 * number + digit(ram.byte(at))) * 10,
    lives: |ram, _| ram.byte(64) & 15,
    over: |ram, _| ram.byte(64) & 15 == 0,
    ..Rules::new("alien", "f1a0a23e6464d954e3a9579c4ccd01c8")
};

fn digit(byte: i32) -> i32 {
    if byte == 0x80 { 0 } else { byte >> 3 }
}
