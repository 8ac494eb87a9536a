//! Kangaroo. The points are decimal digits, two a byte, in bytes 39 and 40. Byte 45 is 255 at the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(58) & 127 == mode)),
    modes: &[0, 1],
    points: |ram, _| 100 * ram.digits([39, 40]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(45) & 7) + 1 },
    over: |ram, _| ram.byte(45) == 255,
    ..Rules::new("kangaroo", "4326edb70ff20d0ee5ba58fa5cb09d60")
};
