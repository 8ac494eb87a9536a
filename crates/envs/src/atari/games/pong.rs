//! Pong. The points are byte 14, ours, less byte 13, the other side's; 21 win.

use super::{Controllers, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 11, 12],
    controllers: Controllers::Paddles { player: 1 },
    menu: Some(Menu::new(|ram, mode| ram.byte(22) == mode)),
    modes: &[0, 1],
    difficulties: &[0, 1, 2, 3],
    starts_alike: true,
    points: |ram, _| ram.byte(14) - ram.byte(13),
    over: |ram, _| ram.byte(13) == 21 || ram.byte(14) == 21,
    ..Rules::new("pong", "60e0ea3cbe0913d39803477945e9e5ec")
};
