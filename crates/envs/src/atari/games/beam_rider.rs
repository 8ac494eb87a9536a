//! Beam Rider. The points are decimal digits, two a byte, in bytes 11, 10 and 9. Byte 5 counts the spare ships.

use super::{Memory, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 6, 7, 11, 12],
    difficulties: &[0, 1],
    first_actions: &[(3, 1)],
    points: |ram, _| ram.digits([11, 10, 9]),
    lives,
    over: |ram, _| ram.byte(5) == 255,
    ..Rules::new("beam_rider", "79ab4123a83dc11d468fb2108ea09e2e")
};

/// A lost ship counts from the frame on in which byte 12 is 1.
fn lives(ram: Memory<'_>, at: &Score) -> i32 {
    let spare = ram.byte(5);
    match at.lives == spare + 2 && ram.byte(12) != 1 {
        _ if at.over => 0,
        true => at.lives,
        false => spare + 1,
    }
}
