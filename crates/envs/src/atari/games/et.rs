//! E.T. the Extra-Terrestrial. The points are decimal digits, two a byte, in bytes 95, 96 and 97. Byte 101 counts the spare lives,
//! -1 with none, and byte 0 is 8 at the end.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 25, ..Menu::new(|ram, mode| ram.byte(106) == mode + 1) }),
    modes: &[0, 1, 2],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.digits([95, 96, 97]),
    lives: |ram, _| (ram.byte(101) + 129) % 256 - 128,
    over: |ram, _| ram.byte(101) == 255 && ram.byte(0) == 8,
    ..Rules::new("et", "615a3bf251a38eb6638cdc7ffbde5480")
};
