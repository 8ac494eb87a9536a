//! Space War. The points are two decimal digits in byte 39; ten end the game, or 0 in byte 0.

use super::{Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    television: Television::Pal,
    menu: Some(Menu::new(|ram, mode| ram.decimal(39) == mode)),
    modes: &[6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.decimal(39),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(0) == 0 || ram.decimal(39) == 10,
    ..Rules::new("space_war", "b702641d698c60bcdc922dbd8c9dd49c")
};
