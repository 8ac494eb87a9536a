//! Plays a game on both emulators at once and compares every frame: pixels, memory, reward, lives, end.
//!
//! ```text
//! cargo run --release -p envs --example vcs_parity -- --game pong --frames 10000000
//! ```
//!
//! One JSON line: how many frames agree, and what differs first. Ends with 1 where something does.
//!
//! `--all-games` plays each bundled game on both until both the picture and the memory have differed, and prints a table:
//! rewards and ends are ALE's, since the native console does not know them.

mod games;
mod policy;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use envs::{
    NumpyRng, Seed,
    atari::{AtariAction, Backend, Game, RomSource},
};
use policy::Policy;

/// Play a game on both emulators and compare every frame.
#[derive(Parser)]
struct Args {
    /// The game's name, such as `pong`
    #[arg(long, default_value = "pong")]
    game: String,
    /// Compare every bundled game, or those that are named here
    #[arg(long, num_args = 0.., value_name = "GAME")]
    all_games: Option<Vec<String>>,
    /// Frames to compare
    #[arg(long, default_value_t = 100_000)]
    frames: u64,
    /// Seed of the actions and of the sticky ones
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// A checkpoint of `vpg --env Pong` that plays half of the episodes
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    if let Some(names) = &args.all_games {
        games::compare_all(names, args.frames)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (played, difference) = compare(&args)?;
    let equal = difference.is_none();
    let line = serde_json::json!({
        "game": args.game, "seed": args.seed, "equal_frames": played.frames, "seen_frames": played.seen,
        "episodes": played.episodes, "won": played.won, "points": played.points, "difference": difference,
    });
    println!("{line}");
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was played, and how well.
#[derive(Default)]
struct Played {
    frames: u64,
    seen: u64,
    episodes: u64,
    won: u64,
    points: [i64; 2],
}

/// The probabilities of sticky actions that ids have.
const STICKY: [f32; 2] = [0.0, 0.25];
/// The frames of an action as ids have them: the first, or drawn for each action up to before the second.
const SKIPS: [(i64, i64); 3] = [(1, 2), (4, 5), (2, 5)];

/// Where a game keeps its paddle, its ball, and whether there is a ball, and which of its actions move the paddle to lower
/// and to higher places.
struct Places {
    paddle: usize,
    ball: usize,
    in_play: Option<usize>,
    lower: usize,
    higher: usize,
}

impl Places {
    fn of(game: &str) -> Self {
        match game {
            "breakout" => Self { paddle: 72, ball: 99, in_play: Some(101), lower: 3, higher: 2 },
            _ => Self { paddle: 51, ball: 54, in_play: None, lower: 2, higher: 3 },
        }
    }
}

/// The action that launches a ball in Breakout.
const FIRE: usize = 1;

/// The players: which action follows which memory.
enum Player {
    /// A new random action after a random number of frames.
    Random { held: usize, frames: i64 },
    /// A part of the paddle follows the ball, more or less: long games, of which some are won in Pong.
    Follower { part: i64, slack: i64 },
    /// One of few actions all the time.
    Stubborn { action: usize },
    /// One that was trained.
    Trained,
}

impl Player {
    fn choose(rng: &mut NumpyRng, actions: usize, policy: &mut Option<Policy>) -> Self {
        if let Some(policy) = policy {
            policy.start();
            if rng.random() < 0.5 {
                return Self::Trained;
            }
        }
        match rng.integers(0, 4) {
            0 => Self::Stubborn { action: rng.integers(0, actions as i64) as usize },
            1 => Self::Random { held: 0, frames: 0 },
            _ => Self::Follower { part: rng.integers(-8, 24), slack: rng.integers(0, 6) },
        }
    }

    fn act(&mut self, rng: &mut NumpyRng, side: &Side, places: &Places, policy: &mut Option<Policy>) -> Result<usize> {
        let (ram, actions) = (&side.ram, side.game.minimal_actions().len());
        let is_serving = places.in_play.is_some_and(|at| ram[at] == 0);
        Ok(match self {
            Self::Stubborn { .. } | Self::Follower { .. } if is_serving => FIRE,
            Self::Trained => policy.as_mut().map_or(Ok(0), |policy| policy.act(rng, &side.screen))?,
            Self::Stubborn { action } => *action,
            Self::Random { held, frames } => {
                if *frames == 0 {
                    (*held, *frames) = (rng.integers(0, actions as i64) as usize, rng.integers(1, 20));
                }
                *frames -= 1;
                *held
            }
            Self::Follower { part, slack } => {
                let (paddle, ball) = (i64::from(ram[places.paddle]) + *part, i64::from(ram[places.ball]));
                let direction = match ball - paddle {
                    distance if distance < -*slack => places.lower,
                    distance if distance > *slack => places.higher,
                    _ => 0,
                };
                if direction < actions { direction } else { 0 }
            }
        })
    }
}

/// One console and what it showed last.
struct Side {
    game: Game,
    screen: Vec<u8>,
    ram: [u8; 128],
}

impl Side {
    fn new(args: &Args, backend: Backend, sticky: f32) -> Result<Self> {
        let game = Game::load(&RomSource::Bundled(args.game.clone()), backend, sticky)?;
        let (height, width) = game.screen_size();
        Ok(Self { game, screen: vec![0; height * width], ram: [0; 128] })
    }

    fn start(&mut self, seed: u32) {
        self.game.seed(seed);
        self.game.reset();
    }

    fn look(&mut self) {
        self.game.screen(&mut self.screen);
        self.game.ram(&mut self.ram);
    }
}

/// Plays episode after episode: another player, another seed, other frames for an action, sticky actions or none.
fn compare(args: &Args) -> Result<(Played, Option<String>)> {
    let mut rng = NumpyRng::new(&Seed::from(u64::from(args.seed)));
    let pair = |sticky| Ok([Side::new(args, Backend::Ale, sticky)?, Side::new(args, Backend::Vcs, sticky)?]);
    let mut pairs = STICKY.into_iter().map(pair).collect::<Result<Vec<_>>>()?;
    let mut policy = args.policy.as_deref().map(Policy::read).transpose()?;
    let mut played = Played::default();
    while played.frames < args.frames {
        let seed = args.seed.wrapping_add(played.episodes as u32);
        let pair = &mut pairs[rng.integers(0, STICKY.len() as i64) as usize];
        pair.iter_mut().for_each(|side| side.start(seed));
        if let Some(difference) = episode(pair, &mut rng, args, &mut policy, &mut played)? {
            return Ok((played, Some(difference)));
        }
    }
    Ok((played, None))
}

fn episode(
    [theirs, ours]: &mut [Side; 2],
    rng: &mut NumpyRng,
    args: &Args,
    policy: &mut Option<Policy>,
    played: &mut Played,
) -> Result<Option<String>> {
    let actions: Vec<AtariAction> = theirs.game.minimal_actions().to_vec();
    let mut player = Player::choose(rng, actions.len(), policy);
    let (least, most) = SKIPS[rng.integers(0, SKIPS.len() as i64) as usize];
    let places = Places::of(&args.game);
    let mut rewards = (0, 0);
    let mut points = 0;
    loop {
        theirs.look();
        ours.look();
        if let Some(difference) = difference(theirs, ours, rewards) {
            return Ok(Some(difference));
        }
        played.seen += 1;
        if theirs.game.game_over() || played.frames >= args.frames {
            played.episodes += 1;
            played.won += u64::from(points > 0 && theirs.game.game_over());
            return Ok(None);
        }
        let action = actions[player.act(rng, theirs, &places, policy)?];
        rewards = (0, 0);
        // Some of our frames are not drawn, and none of those is looked at.
        for left in (0..rng.integers(least, most)).rev() {
            rewards.0 += theirs.game.act(action);
            rewards.1 += if left > 0 { ours.game.act_unseen(action) } else { ours.game.act(action) };
            played.frames += 1;
        }
        points += rewards.0;
        played.points[usize::from(rewards.0 > 0)] += i64::from(rewards.0.abs());
    }
}

fn difference(theirs: &Side, ours: &Side, rewards: (i32, i32)) -> Option<String> {
    if let Some(i) = (0..128).find(|&i| theirs.ram[i] != ours.ram[i]) {
        return Some(format!("memory byte {i}: {} instead of {}", ours.ram[i], theirs.ram[i]));
    }
    if let Some(i) = (0..theirs.screen.len()).find(|&i| theirs.screen[i] != ours.screen[i]) {
        let (y, x) = (i / 160, i % 160);
        return Some(format!("line {y}, pixel {x}: {} instead of {}", ours.screen[i], theirs.screen[i]));
    }
    let answers = |side: &Side, reward| (reward, side.game.lives(), side.game.game_over());
    let (theirs, ours) = (answers(theirs, rewards.0), answers(ours, rewards.1));
    (theirs != ours).then(|| format!("(reward, lives, end) {ours:?} instead of {theirs:?}"))
}
