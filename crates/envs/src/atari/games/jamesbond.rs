//! James Bond. The points are decimal digits, two a byte, in bytes 94, 93 and 92. The end waits for 68 in byte 12.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu { press: 20, ..Menu::new(|ram, mode| [mode, 72 + mode].contains(&ram.byte(12))) }),
    modes: &[0, 1],
    points: |ram, _| ram.digits([94, 93, 92]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(6) & 15) + 1 },
    over: |ram, _| ram.byte(6) & 15 == 0 && ram.byte(12) == 104,
    ..Rules::new("jamesbond", "e51030251e440cffaab1ac63438b44ae")
};
