//! Video Checkers. The board's 32 squares are in bytes 0 to 34 but 8, 17 and 26: men are 16 and kings 32, the other side's 128
//! more. A side without any has lost.

use super::{Memory, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[1, 6, 7, 8, 9],
    draws_all: true,
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.decimal(118) == mode) }),
    modes: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    points: |ram, _| match [has_any(ram, 0), has_any(ram, 128)] {
        [false, _] => -1,
        [true, other] => i32::from(!other),
    },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| !(has_any(ram, 0) && has_any(ram, 128)),
    ..Rules::new("video_checkers", "539d26b6e9df0da8e7465f0f5ad863b7")
};

/// Whether this side has a man or a king.
fn has_any(ram: Memory<'_>, side: i32) -> bool {
    (0..35).any(|at| at % 9 != 8 && [16 + side, 32 + side].contains(&ram.byte(at)))
}
