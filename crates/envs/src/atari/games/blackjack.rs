//! Blackjack. The points are decimal digits, two a byte, in bytes 6 and 9; a thousand end the game.

use super::{Controllers, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5],
    controllers: Controllers::Paddles { player: 0 },
    paddles: |controls| controls.with_most(795_000).without_second_pair(),
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| ram.digits([6, 9]),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.digits([6, 9]) >= 1000,
    ..Rules::new("blackjack", "0a981c03204ac2b278ba392674682560")
};
