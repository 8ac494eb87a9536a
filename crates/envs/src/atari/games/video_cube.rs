//! Video Cube. The points are the faces of one colour, the end six of them: bytes 32 to 85 are the faces, nine squares each. The
//! game is lost where byte 91 runs over. The modes are 51 cubes, which byte 31 tells in decimal digits, in three games each, which
//! the lower bits of byte 123 tell.

use super::{Memory, Menu, Options, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(123) & 31 == GAMES[mode as usize % 100])),
    options: Some(choose_cube),
    modes: &MODES,
    difficulties: &[0, 1],
    first_actions: &[(0, 61), (1, 1), (0, 2)],
    points: |ram, at| if is_lost(ram, at) { at.points - 1 } else { faces(ram) },
    lives: |_, at| i32::from(!at.over),
    over: |ram, before| is_lost(ram, before) || faces(ram) == FACES,
    kept: |ram, _| ram.byte(91),
    ..Rules::new("video_cube", "3f540a30fdee0b20aed7288e4a5ea528")
};

/// The lower bits of byte 123 in each game.
const GAMES: [i32; 3] = [0, 2, 8];
const CUBES: usize = 51;
const MODES: [u16; GAMES.len() * CUBES] = modes();
const FACES: i32 = 6;
const SQUARES: usize = 9;

/// The modes: 100 times the cube, and the game.
const fn modes() -> [u16; GAMES.len() * CUBES] {
    let mut modes = [0; GAMES.len() * CUBES];
    let mut at = 0;
    while at < modes.len() {
        modes[at] = (100 * (at / GAMES.len()) + at % GAMES.len()) as u16;
        at += 1;
    }
    modes
}

const RIGHT: u8 = 3;
/// Right is held at most for so many frames.
const MOST_FRAMES: u32 = 2000;

/// Resets the game that was selected, and holds right until the cube is there; cube 0 is that of cube 1.
fn choose_cube(options: &mut Options<'_, '_>, mode: i32) {
    options.reset();
    for _ in 0..MOST_FRAMES {
        if options.ram().decimal(31) == (mode / 100).max(1) {
            return;
        }
        options.act(RIGHT);
    }
}

/// How many faces are of one colour.
fn faces(ram: Memory<'_>) -> i32 {
    let squares = |face| (0..SQUARES).map(move |square| ram.byte(32 + SQUARES * face + square));
    (0..FACES as usize).filter(|&face| squares(face).all(|colour| colour == ram.byte(32 + SQUARES * face))).count() as i32
}

fn is_lost(ram: Memory<'_>, before: &Score) -> bool {
    before.kept == 255 && ram.byte(91) == 0
}
