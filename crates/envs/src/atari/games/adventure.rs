//! Adventure. The chalice is in the golden castle, which is worth a point, where byte 57 is 18; byte 96 is 2 where the hero is
//! eaten. Each press of select is held for a number of frames that ale-py draws.

use super::{Memory, Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    television: Television::Pal,
    menu: Some(Menu { is_drawn: true, release: 2, ..Menu::new(|ram, mode| ram.byte(93) & 7 == 2 * mode) }),
    modes: &[0, 1, 2],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| i32::from(is_won(ram)),
    lives: |_, _| 1,
    over: |ram, _| is_won(ram) || ram.byte(96) == 2,
    ..Rules::new("adventure", "4b27f5397c442d25f0c418ccdacf1926")
};

fn is_won(ram: Memory<'_>) -> bool {
    ram.byte(57) == 18
}
