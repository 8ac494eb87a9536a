//! Hangman. Byte 107 is 1 where the word is found, byte 108 where it is not. Byte 113 comes to its end once before either.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(110) == mode)),
    modes: &[0, 1, 2, 3],
    difficulties: &[0, 1],
    points: |ram, _| ram.decimal(107) - ram.decimal(108),
    lives: |_, at| i32::from(!at.over),
    over: |ram, before| ram.byte(107) != 0 || ram.byte(108) != 0 || (before.kept == 255 && ram.byte(113) == 0),
    kept: |ram, _| ram.byte(113),
    ..Rules::new("hangman", "f16c709df0a6c52f47ff52b9d95b7d8d")
};
