//! Blackjack. The points are decimal digits, two a byte, in bytes 6 and 9. The game ends at a thousand, and
//! where both are blank, which is no points.

use super::{Controllers, Memory, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5],
    controllers: Controllers::Paddles { player: 0 },
    paddles: |controls| controls.with_most(795_000).without_second_pair(),
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| points(ram),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| is_blank(ram) || points(ram) >= 1000,
    ..Rules::new("blackjack", "0a981c03204ac2b278ba392674682560")
};

fn points(ram: Memory<'_>) -> i32 {
    if is_blank(ram) { 0 } else { ram.digits([6, 9]) }
}

fn is_blank(ram: Memory<'_>) -> bool {
    [ram.byte(6), ram.byte(9)] == [0x0b, 0xbb]
}
