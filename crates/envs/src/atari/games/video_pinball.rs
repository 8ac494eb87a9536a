//! Video Pinball. The points are decimal digits, two a byte, in bytes 52, 50 and 48. Byte 25 counts the lost balls; bit 0 of byte
//! 40 is a ball more.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 10, 11, 12],
    menu: Some(Menu::new(|ram, mode| ram.byte(65) == mode)),
    modes: &[0, 2],
    difficulties: &[0, 1],
    points: |ram, _| ram.digits([52, 50, 48]),
    lives: |ram, at| if at.over { 0 } else { 4 + (ram.byte(40) & 1) - (ram.byte(25) & 7) },
    over: |ram, _| ram.byte(47) & 1 != 0,
    ..Rules::new("video_pinball", "107cc025334211e6d29da0b6be46aec7")
};
