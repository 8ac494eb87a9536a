//! Berzerk. The points are decimal digits, two a byte, in bytes 93, 94 and 95. Byte 90 counts the spare lives, 255 at the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    draws_all: true,
    menu: Some(Menu { wait: 20, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18],
    points: |ram, _| ram.digits([93, 94, 95]),
    lives: |ram, at| if at.over { 0 } else { ram.byte(90) + 1 },
    over: |ram, _| ram.byte(90) == 255,
    ..Rules::new("berzerk", "136f75c4dd02c29283752b7e5799f978")
};
