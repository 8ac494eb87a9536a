//! Pooyan. The points are decimal digits, two a byte, in bytes 8, 9 and 10. The end waits for byte 24.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5, 10, 13],
    shown: Some((26, 220)),
    menu: Some(Menu { presses_first: true, ..Menu::new(|ram, mode| ram.byte(61) == mode) }),
    modes: &[10, 30, 50, 70],
    points: |ram, _| ram.digits([8, 9, 10]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(22) & 7) + 1 },
    over: |ram, _| ram.byte(22) == 0 && ram.byte(24) == 5,
    ..Rules::new("pooyan", "4799a40b6e889370b7ee55c17ba65141")
};
