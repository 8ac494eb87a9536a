//! Othello. The points are two decimal digits each: the player's in byte 78, the other side's in byte 80. The game ends when byte
//! 64, whose turn it is, was 0 for 50 frames.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    menu: Some(Menu::new(|ram, mode| ram.byte(94) == mode + 1)),
    modes: &[0, 1, 2],
    difficulties: &[0, 2],
    points: |ram, _| ram.decimal(78) - ram.decimal(80),
    lives: |_, at| i32::from(!at.over),
    over: |ram, before| ram.byte(64) == 0 && before.kept >= 50,
    kept: |ram, before| if ram.byte(64) == 0 { before.kept + 1 } else { 0 },
    ..Rules::new("othello", "113cd09c9771ac278544b7e90efe7df2")
};
