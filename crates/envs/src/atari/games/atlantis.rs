//! Atlantis. The points are decimal digits, two a byte, in bytes 33, 35 and 34. Byte 113 counts the installations and is 255
//! at the end, when the points are no longer told.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(13) == mode)),
    modes: &[0, 1, 2, 3],
    points: |ram, at| if at.over { at.points } else { 100 * ram.digits([33, 35, 34]) },
    lives: |ram, at| if at.over { 0 } else { ram.byte(113) },
    over: |ram, _| ram.byte(113) == 255,
    ..Rules::new("atlantis", "9ad36e699ef6f45d9eb6c4cf90475c9f")
};
