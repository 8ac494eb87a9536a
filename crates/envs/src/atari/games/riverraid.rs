//! River Raid. The points are decimal digits, eight times each, in bytes 77, 79, 81, 83, 85 and 87. Byte 64 is eight times the spare
//! planes; 88 stands for a whole game, also after the end, and 89 for none.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1],
    points: |ram, _| (77..88).step_by(2).fold(0, |number, at| 10 * number + digit(ram.byte(at))),
    lives: |ram, at| match ram.byte(64) {
        _ if at.over => 0,
        88 => 4,
        89 => 1,
        spare => spare / 8 + 1,
    },
    over: |ram, before| ram.byte(64) == 88 && before.kept == 89,
    kept: |ram, _| ram.byte(64),
    ..Rules::new("riverraid", "393948436d1f4cc3192410bb918f9724")
};

fn digit(byte: i32) -> i32 {
    if byte % 8 == 0 && byte < 80 { byte / 8 } else { 0 }
}
