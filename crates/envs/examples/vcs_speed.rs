//! How fast the native Atari console runs a game beside ALE: the same actions, in turns, on one core.
//!
//! ```text
//! cargo run --release -p envs --example vcs_speed
//! ```
//!
//! One line for each way to run it: the median of the microseconds a raw frame takes, and the median of ALE's time over its
//! time in the same round. A frame that is drawn is also copied out, as an observation is; resets are not timed. Time is
//! the processor's for this thread, so that others on the same core count little.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Parser;
use envs::{
    NumpyRng, Seed,
    atari::{AtariAction, Backend, Game, RomSource},
};
use rustix::time::{ClockId, clock_gettime};

/// Time the native console beside ALE.
#[derive(Parser)]
struct Args {
    /// The game's name, such as `pong`
    #[arg(long, default_value = "pong")]
    game: String,
    /// Rounds, in each of which all ways have their turn
    #[arg(long, default_value_t = 101, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Frames of a turn
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
}

/// A way to run the game.
struct Way {
    name: &'static str,
    game: Game,
    /// One frame of so many is drawn.
    drawn: u32,
    screen: Vec<u8>,
    /// Microseconds a frame, of each round.
    times: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, game: Game, drawn: u32) -> Self {
        let (height, width) = game.screen_size();
        Self { name, game, drawn, screen: vec![0; height * width], times: vec![] }
    }

    fn turn(&mut self, actions: &[AtariAction]) {
        self.game.reset();
        let start = microseconds();
        let mut played = 0;
        for (action, frame) in actions.iter().zip(1..) {
            if frame % self.drawn == 0 {
                self.game.act(*action);
                self.game.screen(&mut self.screen);
            } else {
                self.game.act_unseen(*action);
            }
            played = frame;
            if self.game.game_over() {
                break;
            }
        }
        self.times.push((microseconds() - start) / f64::from(played));
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let load = |backend| Game::load(&RomSource::Bundled(args.game.clone()), backend, 0.0);
    #[cfg(feature = "translate")]
    let native = |translating| -> Result<Game> {
        let mut game = load(Backend::Vcs)?;
        game.set_translating(translating);
        Ok(game)
    };
    #[cfg(not(feature = "translate"))]
    let native = |_| load(Backend::Vcs);
    let mut ways = vec![
        Way::new("ALE, every frame drawn", load(Backend::Ale)?, 1),
        Way::new("interpreted, every frame drawn", native(false)?, 1),
        Way::new("interpreted, every fourth drawn", native(false)?, 4),
    ];
    if cfg!(feature = "translate") {
        ways.push(Way::new("translated, every frame drawn", native(true)?, 1));
        ways.push(Way::new("translated, every fourth drawn", native(true)?, 4));
    }
    let mut rng = NumpyRng::new(&Seed::from(0));
    let choices = ways[0].game.minimal_actions().to_vec();
    for _ in 0..args.rounds {
        let choose = |_| choices[rng.integers(0, choices.len() as i64) as usize];
        let actions: Vec<AtariAction> = (0..args.frames).map(choose).collect();
        ways.iter_mut().for_each(|way| way.turn(&actions));
    }
    for way in &ways {
        let ratios = ways[0].times.iter().zip(&way.times).map(|(ale, own)| ale / own).collect();
        let (time, ratio) = (median(way.times.clone()), median(ratios));
        let _ = writeln!(stdout(), "{:34} {time:6.2} us a frame {ratio:6.2} x ALE", way.name); // nobody may be reading
    }
    Ok(())
}

/// The processor time that this thread has taken.
fn microseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
