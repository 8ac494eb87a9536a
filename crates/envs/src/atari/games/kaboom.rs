//! Kaboom!. The points are decimal digits, two a byte, in bytes 35, 36 and 37; the highest number that they can be ends the game.

use super::{Controllers, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4],
    controllers: Controllers::Paddles { player: 0 },
    first_actions: &[(1, 1)],
    points: |ram, _| ram.digits([35, 36, 37]),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(33) == 0 || ram.digits([35, 36, 37]) == 999_999,
    ..Rules::new("kaboom", "5428cdfada281c569c74c7308c7f2c26")
};
