//! Tennis. The games are in bytes 71 and 72: a set ends at six with two ahead, or at seven.

use super::{Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    menu: Some(Menu::new(|ram, mode| ram.byte(0) == mode)),
    modes: &[0, 2],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| GAME * (ram.byte(71) - ram.byte(72)) + ram.byte(69) - ram.byte(70),
    over: |ram, _| {
        let games = [ram.byte(71), ram.byte(72)];
        games.contains(&7) || (games[0].max(games[1]) >= 6 && games[0].abs_diff(games[1]) >= 2)
    },
    reward: |before, points| reward(before, points),
    ..Rules::new("tennis", "42cdd6a9e42a3639e190722b8ea3fc51")
};

/// What a game counts in the points that are kept here, more than any points within one.
const GAME: i32 = 1000;

/// A game won or lost, or else a point.
fn reward(before: i32, points: i32) -> i32 {
    let games = |points: i32| (points + GAME / 2).div_euclid(GAME);
    match games(points) - games(before) {
        0 => points - before,
        games => games,
    }
}
