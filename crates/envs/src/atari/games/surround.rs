//! Surround. The points are two decimal digits, the player's in byte 119 and the other's in byte 118. Ten end the game.

use super::{Controllers, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 2, 3, 4, 5],
    controllers: Controllers::Joysticks { player: 1 },
    menu: Some(Menu::new(|ram, mode| ram.byte(121) == mode + 1)),
    modes: &[0, 2],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.decimal(119) - ram.decimal(118),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| [118, 119].iter().any(|&at| ram.decimal(at) == 10),
    ..Rules::new("surround", "4d7517ae69f95cfbc053be01312b7dba")
};
