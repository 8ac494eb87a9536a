//! Klax. The points are decimal digits, two a byte, in bytes 54, 53 and 52 of the cartridge's own memory. The game ends when bytes
//! 105 and 110 there are equal and not 0, when byte 29 there is 153, and when byte 40 of the console's is 4 and the bin, bytes 51
//! to 75, is full.

use super::{Memory, Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    television: Television::Pal,
    menu: Some(Menu::new(|ram, mode| ram.of_cartridge().byte(106) == mode)),
    modes: &[0, 1, 2],
    first_actions: &[(1, 1), (0, 1)],
    points: |ram, _| ram.of_cartridge().digits([54, 53, 52]),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| {
        let [count, most, other] = [105, 110, 29].map(|at| ram.of_cartridge().byte(at));
        (most != 0 && count == most) || other == 153 || (ram.byte(40) == 4 && has_full_bin(ram))
    },
    ..Rules::new("klax", "eed9eaf1a0b6a2b9bc4c8032cb43e3fb")
};

/// What a place without a tile holds.
const EMPTY: [i32; 5] = [0, 2, 6, 10, 14];

fn has_full_bin(ram: Memory<'_>) -> bool {
    (51..76).all(|place| !EMPTY.contains(&ram.byte(place)))
}
