//! Star Gunner. The points are hundreds, a decimal digit a byte, in bytes 6 to 3. The ships, byte 7, count from the first loss on.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 15, ..Menu::new(|ram, mode| ram.byte(116) == mode) }),
    modes: &[0, 1, 2, 3],
    points: |ram, _| (3..7).rev().fold(0, |number, at| 10 * number + ram.digit(at)) * 100,
    lives: |ram, at| if at.over || at.kept != 0 { ram.byte(7) & 15 } else { 5 },
    over: |ram, _| ram.byte(7) == 0,
    kept: |ram, before| i32::from(before.kept != 0 || ram.byte(7) == 5),
    ..Rules::new("star_gunner", "a3c1c70024d7aabb41381adbfb6d3b25")
};
