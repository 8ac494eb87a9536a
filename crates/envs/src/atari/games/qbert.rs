//! Q*bert. The points are decimal digits, two a byte, in bytes 89, 90 and 91. Byte 8 counts the spare lives, -1 with the last
//! one and -2 at the end.

use super::{Memory, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5],
    shown: Some((40, 210)),
    draws_all: true,
    difficulties: &[0, 1],
    first_lives: 4,
    points: |ram, at| if at.over { at.points } else { ram.digits([89, 90, 91]) },
    lives,
    over: |ram, before| spare(ram) == -2 || (before.kept == -1 && spare(ram) == 2),
    kept: |ram, _| spare(ram),
    ..Rules::new("qbert", "484b0076816a104875e00467d431c2d2")
};

/// The lives beside the one that is played, below 0 after it.
fn spare(ram: Memory<'_>) -> i32 {
    ram.byte(8) - if ram.byte(8) < 128 { 0 } else { 256 }
}

/// One less whenever there is one less to spare.
fn lives(ram: Memory<'_>, at: &Score) -> i32 {
    match spare(ram) == at.kept - 1 {
        _ if at.over => 0,
        true => at.lives - 1,
        false => at.lives,
    }
}
