//! Gravitar. The points are decimal digits, two a byte, in bytes 7, 8 and 9. Byte 1 is 1 at the end, and 0 before a game,
//! when six ships are told.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 10, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 1, 2, 3, 4],
    first_actions: &[(1, 16)],
    points: |ram, _| ram.digits([7, 8, 9]),
    lives: |ram, at| {
        if at.over {
            0
        } else if ram.byte(1) == 0 {
            6
        } else {
            ram.byte(4) + 1
        }
    },
    over: |ram, _| ram.byte(1) == 1,
    ..Rules::new("gravitar", "8ac18076d01a6b63acf6e2cab4968940")
};
