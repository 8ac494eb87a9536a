//! Double Dunk. Bytes 118 and 119 are the points of both sides in decimal digits. Who has 24 ends the game when byte 126 is 231.
//!
//! The mode's bits are four options in a menu that select opens. Byte 48 tells the line in it, and bits of byte 0 the options.

use super::{Options, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    options: Some(choose),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    first_actions: &[(UP_AND_FIRE, 1)],
    points: |ram, _| ram.decimal(118) - ram.decimal(119),
    over: |ram, _| ram.byte(126) == 231 && ram.decimal(118).max(ram.decimal(119)) >= 24,
    ..Rules::new("double_dunk", "368d88a6c071caba60b4f778615aae94")
};

/// The bits of byte 0 that the mode's bits are.
const BITS: [i32; 4] = [8, 16, 4, 32];
const RIGHT: u8 = 3;
const LEFT: u8 = 4;
const DOWN: u8 = 5;
const UP_AND_FIRE: u8 = 10;

fn choose(options: &mut Options<'_, '_>, mode: i32) {
    options.reset();
    options.select();
    go_down(options);
    for (i, bit) in BITS.into_iter().enumerate() {
        go_down(options);
        let wanted = mode >> i & 1 != 0;
        options.act_until(if wanted { RIGHT } else { LEFT }, |ram| (ram.byte(0) & bit != 0) == wanted);
    }
    options.reset();
    options.act(UP_AND_FIRE);
    options.act(0);
}

fn go_down(options: &mut Options<'_, '_>) {
    let line = options.ram().byte(48);
    options.act_until(DOWN, |ram| ram.byte(48) != line);
}
