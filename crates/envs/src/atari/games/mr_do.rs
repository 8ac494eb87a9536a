//! Mr. Do!. The points are decimal digits, two a byte, in bytes 3 and 2. Byte 90 is 64 at the end, which
//! leaves no lives, whatever byte 91 says.

use super::{Memory, Menu, Rules, Television};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13],
    television: Television::Pal,
    menu: Some(Menu { press: 5, ..Menu::new(|ram, mode| ram.byte(0) == mode) }),
    modes: &[0, 1, 2, 3],
    first_actions: &[(1, 1)],
    points: |ram, _| 10 * ram.digits([3, 2]),
    lives: |ram, _| if is_over(ram) { 0 } else { ram.byte(91) },
    over: |ram, _| is_over(ram),
    ..Rules::new("mr_do", "aa7bb54d2c189a31bb1fa20099e42859")
};

fn is_over(ram: Memory<'_>) -> bool {
    ram.byte(90) == 64
}
