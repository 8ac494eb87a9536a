//! Word Zapper. Byte 92 counts the words to come, 255 after the last, and byte 94 the time. Nothing is looked at while byte 79 is
//! 0: the frame's reward is that of the frame before.

use super::{Memory, Menu, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(91) == mode)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23],
    difficulties: &[0, 1, 2, 3],
    first_actions: &[(0, 486), (1, 1), (0, 2)],
    points,
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(79) != 0 && (ram.byte(92) == 255 || ram.byte(94) == 0),
    reward: |_, points| if points == 0 { 0 } else { points.rem_euclid(WORD) - WORD / 2 },
    ..Rules::new("word_zapper", "ec3beb6d8b5689e867bafb5d5f507491")
};

/// What a word to come takes from the points that are kept here. The rest is the last reward, and half of this.
const WORD: i32 = 1000;

fn points(ram: Memory<'_>, at: &Score) -> i32 {
    let words = i32::from(ram.byte(92) as u8 as i8);
    match (ram.byte(79), at.points) {
        (0, points) => points,
        (_, 0) => WORD / 2 - WORD * words,
        (_, points) => WORD / 2 - WORD * words - points.div_euclid(WORD) - words,
    }
}
