//! Video Chess. Byte 110 is 0 where the player has won, 1 where it has lost; it tells nothing unless byte 97 is 130.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    draws_all: true,
    menu: Some(Menu { press: 1, ..Menu::new(|ram, mode| ram.byte(106) == mode) }),
    modes: &[0, 1, 2, 3, 4],
    points: |ram, at| if at.over { 1 - 2 * ram.byte(110) } else { 0 },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(110) < 2 && ram.byte(97) == 130,
    ..Rules::new("video_chess", "f0b7db930ca0e548c41a97160b9f6275")
};
