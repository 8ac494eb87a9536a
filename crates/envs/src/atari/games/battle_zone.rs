//! Battle Zone. The digit 10 is a blank.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    has_comb: false,
    menu: Some(Menu::new(|ram, mode| ram.byte(33) == mode)),
    modes: &[1, 2, 3],
    points: |ram, _| 1000 * digit(ram.byte(29) >> 4) + 10_000 * ram.digit(30) + 100_000 * digit(ram.byte(30) >> 4),
    lives: |ram, _| ram.byte(58) & 15,
    over: |ram, _| ram.byte(58) & 15 == 0,
    ..Rules::new("battle_zone", "41f252a66c6301f1e8ab3612c19bc5d4")
};

fn digit(digit: i32) -> i32 {
    if digit == 10 { 0 } else { digit }
}
