//! Superman. The game is won in the room that 172 and 242 in bytes 0 and 1 stand for, with bit 6 of byte 31. Bytes 99 and 98 are
//! the clock, minutes and seconds: what is left of a hundred minutes is the reward.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1, 2, 3],
    points: |ram, at| if at.over { 5999 - 60 * ram.decimal(99) - ram.decimal(98) } else { 0 },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| [0, 1].map(|at| ram.byte(at)) == [172, 242] && ram.byte(31) & 64 != 0,
    ..Rules::new("superman", "a9531c763077464307086ec9a1fd057d")
};
