//! Beam Rider. The points are decimal digits, two a byte, in bytes 11, 10 and 9. Byte 5 counts the spare ships; a ship more
//! is counted at two of them but while byte 12 is 1.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 6, 7, 11, 12],
    difficulties: &[0, 1],
    first_actions: &[(3, 1)],
    points: |ram, _| ram.digits([11, 10, 9]),
    lives: |ram, at| lives(ram, at),
    over: |ram, _| ram.byte(5) == 255,
    ..Rules::new("beam_rider", "79ab4123a83dc11d468fb2108ea09e2e")
};

fn lives(ram: super::Memory<'_>, at: &super::Score) -> i32 {
    match ram.byte(5) {
        _ if at.over => 0,
        1 if ram.byte(12) != 1 => 3,
        spare => spare + 1,
    }
}
