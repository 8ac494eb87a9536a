//! 3-D Tic-Tac-Toe. Bytes 126 and 127 are 16 and 243 where somebody has won: the player, if byte 97 is 8. Bytes 26 to 89 are the
//! cube, 0 where a cell is free.

use super::{Memory, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    draws_all: true,
    menu: Some(Menu::new(|ram, mode| ram.byte(8) == mode)),
    modes: &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    difficulties: &[0, 2],
    points: |ram, _| match ram.byte(97) {
        _ if !is_won(ram) => 0,
        8 => 1,
        _ => -1,
    },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| is_won(ram) || (26..90).all(|cell| ram.byte(cell) != 0),
    ..Rules::new("tic_tac_toe_3d", "0db4f4150fecf77e4ce72ca4d04c052f")
};

fn is_won(ram: Memory<'_>) -> bool {
    [126, 127].map(|at| ram.byte(at)) == [16, 243]
}
