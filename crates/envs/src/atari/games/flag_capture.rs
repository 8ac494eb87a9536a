//! Flag Capture.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(86) == mode)),
    modes: &[8, 9, 10],
    points: |ram, _| ram.decimal(106),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(107) == 0,
    ..Rules::new("flag_capture", "30512e0e83903fc05541d2f6a6a62654")
};
