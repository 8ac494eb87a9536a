//! Starts that were played are kept: a game that comes to the same state again goes on from where it came then.
//!
//! Within a few frames most games put in order what they find in memory when the console is switched on. Then mostly the
//! timer alone is left of what was before, which starts in one of 75 ways.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use vcs::Console;

use super::{
    controls::Controls,
    games::{Rules, Score},
};

/// The most starts that are kept of a game in a mode, of 35 KB each, or 140 KB where all frames are drawn. Others are played.
const MOST: usize = 128;

/// How controllers and game stand.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) controls: Controls,
    pub(super) score: Score,
}

/// The starts of a game in a mode that are kept. All its consoles share them.
#[derive(Default)]
pub(super) struct Openings(Mutex<Vec<(Settled, Arc<Opening>)>>);

/// All that the rest of a start depends on, unless it draws: the state, and the pictures if there are any yet.
#[derive(PartialEq)]
pub(super) struct Settled {
    state: vcs::State,
    pictures: Vec<u8>,
}

/// What a start has come to.
pub(super) struct Opening {
    state: vcs::State,
    pictures: Vec<u8>,
    pub(super) progress: Progress,
    /// The frames that ale-py counts in it.
    pub(super) counted: u32,
}

impl Openings {
    /// The start that goes on from here.
    pub(super) fn find(&self, settled: &Settled) -> Option<Arc<Opening>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == settled).map(|(_, opening)| Arc::clone(opening))
    }

    /// Keeps a start where there is room, unless another console has done so meanwhile.
    pub(super) fn keep(&self, settled: Settled, opening: Opening) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST && kept.iter().all(|(known, _)| *known != settled) {
            kept.push((settled, Arc::new(opening)));
        }
    }
}

#[cfg(test)]
impl Openings {
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Settled {
    pub(super) fn of(console: &Console, rules: &Rules) -> Self {
        let pictures = if rules.draws_all { pictures(console, rules) } else { vec![] };
        Self { state: *console.state(), pictures }
    }
}

impl Opening {
    pub(super) fn of(console: &Console, rules: &Rules, progress: Progress, counted: u32) -> Self {
        Self { state: *console.state(), pictures: pictures(console, rules), progress, counted }
    }

    /// Lets a console go on from here.
    pub(super) fn restore(&self, console: &mut Console) {
        console.restore(&self.state);
        show(console, &self.pictures);
    }

    /// Whether these could be a game's pictures.
    pub(super) fn fits(&self, pictures: &[u8]) -> bool {
        pictures.len() == self.pictures.len()
    }
}

/// The last picture, and the one before it where a short frame may show that.
pub(super) fn pictures(console: &Console, rules: &Rules) -> Vec<u8> {
    let before = if rules.draws_all { console.screen_before() } else { &[] };
    [console.screen(), before].concat()
}

/// Puts these pictures on the screen.
pub(super) fn show(console: &mut Console, pictures: &[u8]) {
    let (screen, before) = pictures.split_at(console.screen().len());
    console.set_screen(screen);
    if !before.is_empty() {
        console.set_screen_before(before);
    }
}
