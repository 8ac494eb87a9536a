//! Bank Heist. The points are decimal digits, two a byte, in bytes 88, 89 and 90. Byte 85 counts the cars left, and byte 78
//! tells that the last one is gone.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 4, 8, 12, 16, 20, 24, 28],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.digits([88, 89, 90]),
    lives: |ram, _| ram.byte(85),
    over: |ram, _| ram.byte(85) == 0 && ram.byte(78) == 1,
    ..Rules::new("bank_heist", "00ce0bdd43aed84a983bef38fe7f5ee3")
};
