//! Miniature Golf. Byte 47 counts the holes, 0 at the end. A hole is worth its par less the strokes that it took. Byte 7 counts
//! the strokes, two decimal digits that come to 99 and begin again, unless byte 8 is not 0: then it is the par.

use super::{Memory, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1],
    points,
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(47) == 0,
    reward,
    kept: |ram, before| if ram.byte(8) == 0 { ram.decimal(7) } else { before.kept },
    ..Rules::new("miniature_golf", "df62a658496ac98a3aa4a6ee5719c251")
};

/// What is kept here as points: the hole, its par, the strokes so far.
fn points(ram: Memory<'_>, at: &Score) -> i32 {
    let before = if ram.byte(47) == hole(at.points) { strokes(at.points) } else { 0 };
    let (par, strokes) = match (ram.decimal(8), ram.decimal(7)) {
        (0, shown) if shown < at.kept => (par(at.points), before + shown),
        (0, shown) => (par(at.points), before + shown - at.kept),
        (par, _) => (par, before),
    };
    ram.byte(47) << HOLE | par << PAR | strokes.min(MOST_STROKES)
}

const HOLE: i32 = 22;
const PAR: i32 = 14;
const MOST_STROKES: i32 = (1 << PAR) - 1;

fn hole(points: i32) -> i32 {
    points >> HOLE
}

fn par(points: i32) -> i32 {
    points >> PAR & 255
}

fn strokes(points: i32) -> i32 {
    points & MOST_STROKES
}

/// A hole that took no stroke is worth nothing.
fn reward(before: i32, points: i32) -> i32 {
    if hole(before) == hole(points) || strokes(before) == 0 { 0 } else { par(before) - strokes(before) }
}
