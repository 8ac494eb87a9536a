//! Pitfall II. The points are decimal digits, two a byte, in bytes 71, 72 and 73. No memory was found
//! that ends the game.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    first_actions: &[(2, 1)],
    points: |ram, _| ram.digits([71, 72, 73]),
    lives: |_, at| i32::from(!at.over),
    ..Rules::new("pitfall2", "6d842c96d5a01967be9680080dd5be54")
};
