//! Plays a game on both emulators at once and compares every frame: pixels, memory, reward, lives, end.
//!
//! ```text
//! cargo run --release -p envs --example vcs_parity -- --game pong --frames 10000000
//! ```
//!
//! One JSON line: how many frames agree, and what differs first. Ends with 1 where something does.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use envs::{
    NumpyRng, Seed,
    atari::{Ale, AtariAction, Backend, RomSource},
};

/// Play a game on both emulators and compare every frame.
#[derive(Parser)]
struct Args {
    /// The game's name, such as `pong`
    #[arg(long, default_value = "pong")]
    game: String,
    /// Frames to compare
    #[arg(long, default_value_t = 100_000)]
    frames: u64,
    /// Seed of the actions and of the sticky ones
    #[arg(long, default_value_t = 0)]
    seed: u32,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let (frames, difference) = compare(&args)?;
    let equal = difference.is_none();
    let line =
        serde_json::json!({"game": args.game, "seed": args.seed, "equal_frames": frames, "difference": difference});
    println!("{line}");
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The players: which action follows which memory.
enum Player {
    /// A new random action after a random number of frames.
    Random { held: usize, frames: i64 },
    /// The paddle follows the ball, more or less: long games with many points won.
    Follower { slack: i64 },
    /// One of few actions all the time.
    Stubborn { action: usize },
}

impl Player {
    fn choose(rng: &mut NumpyRng, actions: usize) -> Self {
        match rng.integers(0, 4) {
            0 => Self::Stubborn { action: rng.integers(0, actions as i64) as usize },
            1 => Self::Random { held: 0, frames: 0 },
            _ => Self::Follower { slack: rng.integers(0, 12) },
        }
    }

    fn act(&mut self, rng: &mut NumpyRng, ram: &[u8; 128], actions: usize) -> usize {
        match self {
            Self::Stubborn { action } => *action,
            Self::Random { held, frames } => {
                if *frames == 0 {
                    (*held, *frames) = (rng.integers(0, actions as i64) as usize, rng.integers(1, 20));
                }
                *frames -= 1;
                *held
            }
            Self::Follower { slack } => {
                // Pong keeps the paddle's line at 51 and the ball's at 54.
                let (paddle, ball) = (i64::from(ram[51]), i64::from(ram[54]));
                let direction = if ball + *slack < paddle { 2 } else { usize::from(ball > paddle + *slack) * 3 };
                if direction < actions { direction } else { 0 }
            }
        }
    }
}

/// One console and what it showed last.
struct Side {
    ale: Ale,
    screen: Vec<u8>,
    ram: [u8; 128],
}

impl Side {
    fn new(args: &Args, backend: Backend) -> Result<Self> {
        let mut ale = Ale::load(&RomSource::Bundled(args.game.clone()), backend, 0.1)?;
        ale.seed(args.seed);
        let (height, width) = ale.screen_size();
        Ok(Self { ale, screen: vec![0; height * width], ram: [0; 128] })
    }

    fn look(&mut self) {
        self.ale.screen(&mut self.screen);
        self.ale.ram(&mut self.ram);
    }
}

fn compare(args: &Args) -> Result<(u64, Option<String>)> {
    let mut rng = NumpyRng::new(&Seed::from(u64::from(args.seed)));
    let (mut theirs, mut ours) = (Side::new(args, Backend::Ale)?, Side::new(args, Backend::Vcs)?);
    let actions: Vec<AtariAction> = theirs.ale.minimal_actions().to_vec();
    let mut frames = 0;
    while frames < args.frames {
        theirs.ale.reset();
        ours.ale.reset();
        let mut player = Player::choose(&mut rng, actions.len());
        let mut rewards = (0, 0);
        let skip = rng.integers(1, 5);
        loop {
            theirs.look();
            ours.look();
            if let Some(difference) = difference(&theirs, &ours, rewards) {
                return Ok((frames, Some(difference)));
            }
            if theirs.ale.game_over() || frames >= args.frames {
                break;
            }
            let action = actions[player.act(&mut rng, &theirs.ram, actions.len())];
            rewards = (0, 0);
            // Some of our frames are not drawn, and none of those is looked at.
            for left in (0..skip).rev() {
                rewards.0 += theirs.ale.act(action);
                rewards.1 += if left > 0 { ours.ale.act_unseen(action) } else { ours.ale.act(action) };
                frames += 1;
            }
        }
    }
    Ok((frames, None))
}

fn difference(theirs: &Side, ours: &Side, rewards: (i32, i32)) -> Option<String> {
    if let Some(i) = (0..128).find(|&i| theirs.ram[i] != ours.ram[i]) {
        return Some(format!("memory byte {i}: {} instead of {}", ours.ram[i], theirs.ram[i]));
    }
    if let Some(i) = (0..theirs.screen.len()).find(|&i| theirs.screen[i] != ours.screen[i]) {
        let (y, x) = (i / 160, i % 160);
        return Some(format!("line {y}, pixel {x}: {} instead of {}", ours.screen[i], theirs.screen[i]));
    }
    let answers = |side: &Side, reward| (reward, side.ale.lives(), side.ale.game_over());
    let (theirs, ours) = (answers(theirs, rewards.0), answers(ours, rewards.1));
    (theirs != ours).then(|| format!("(reward, lives, end) {ours:?} instead of {theirs:?}"))
}
