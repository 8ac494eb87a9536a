//! Casino. The points are decimal digits, two a byte, in bytes 12 and 21. In the game where byte 84 is 3, 170 in byte 30 ends it,
//! if there are points. The others end without points; while bit 7 of byte 83 is set, each frame's reward is that of the frame
//! before, and all but 0 in byte 30 ends the game.

use super::{Controllers, Controls, Memory, Menu, Rules, Score};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 5],
    controllers: Controllers::Paddles { player: 0 },
    paddles: Controls::without_second_pair,
    menu: Some(Menu::new(|ram, mode| ram.byte(84) == mode)),
    modes: &[0, 2, 3],
    difficulties: &[0, 1, 2, 3],
    first_actions: &[(0, 60), (1, 2)],
    points: kept_points,
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| match ram.byte(84) {
        3 => points(ram) != 0 && ram.byte(30) == 170,
        _ => points(ram) == 0 || (is_halted(ram) && ram.byte(30) != 0),
    },
    reward: |_, points| reward(points),
    ..Rules::new("casino", "b816296311019ab69a21cb9e9e235d12")
};

/// What a point counts in the points that are kept here. The rest is the last reward, and half of this.
const POINT: i32 = 1 << 16;

fn kept_points(ram: Memory<'_>, at: &Score) -> i32 {
    let now = points(ram);
    let last = match at.points {
        0 => 0,
        before if is_halted(ram) => reward(before),
        before => now - before / POINT,
    };
    now * POINT + last + POINT / 2
}

fn reward(kept: i32) -> i32 {
    kept % POINT - POINT / 2
}

fn points(ram: Memory<'_>) -> i32 {
    ram.digits([12, 21])
}

fn is_halted(ram: Memory<'_>) -> bool {
    ram.byte(84) != 3 && ram.byte(83) >= 128
}
