//! How fast environments step: random actions, made beforehand, through `VecEnv::step`.
//!
//! ```text
//! cargo run --release -p envs --example throughput -- --env CartPole-v1 --num-envs 1024 --threads 1 --seconds 5
//! ```
//!
//! One JSON line: `mode` is the one that ran, `steps_per_second` counts steps of single environments,
//! `raw_frames_per_second` the frames the emulator drew for them (the same number where there is none), and `checksum` is
//! the CRC-32 of all observations of the first 1,000 calls.

use std::{
    io::{Write, stdout},
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use envs::{Actions, AnyEnv, Element, EnvSpec, NumpyRng, Sample, Seed, Space, VecEnv};
use ndarray::ArrayView2;

#[derive(Parser)]
struct Args {
    /// Id or short name of the environment
    #[arg(long)]
    env: String,
    /// How many of them
    #[arg(long, default_value_t = 1)]
    num_envs: usize,
    /// Threads that step them; 0 chooses
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// How long to measure
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    seconds: f64,
    /// Seed of the environments and of the actions
    #[arg(long, default_value = "0")]
    seed: Seed,
    /// What results to accept for speed
    #[arg(long, value_enum, default_value_t = Mode::Exact)]
    mode: Mode,
    /// Emulator of Atari games: ale or vcs
    #[cfg(feature = "atari")]
    #[arg(long)]
    backend: Option<envs::atari::Backend>,
    /// Observe Atari games as palette indices, which is the screen as it is drawn
    #[cfg(feature = "atari")]
    #[arg(long)]
    pixels: bool,
    /// Observe Atari games as agents do: skip 4, the larger of two frames, grey, 84x84, four of them; lives end episodes
    #[cfg(feature = "atari")]
    #[arg(long)]
    stack: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The bits of a single environment, by vector instructions where it has them
    Exact,
    /// The same: no environment gives up exactness for speed
    Fast,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..1e9).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds".into()),
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    if args.mode == Mode::Fast {
        eprintln!("throughput: there is no mode that is less exact and faster: measuring `exact`, which uses SIMD");
    }
    if args.env == "Pong" {
        return measure(pong(&args)?, &args);
    }
    #[cfg(feature = "atari")]
    if args.stack {
        return measure(stack(&args)?, &args);
    }
    let spec = spec(&args)?;
    match spec.make()? {
        AnyEnv::U8(_) => measure(VecEnv::<u8>::of_spec(&spec, args.num_envs, args.threads)?, &args),
        AnyEnv::I8(_) => measure(VecEnv::<i8>::of_spec(&spec, args.num_envs, args.threads)?, &args),
        AnyEnv::F32(_) => measure(VecEnv::<f32>::of_spec(&spec, args.num_envs, args.threads)?, &args),
        AnyEnv::F64(_) => measure(VecEnv::<f64>::of_spec(&spec, args.num_envs, args.threads)?, &args),
    }
}

/// Pong as it is learned from: differences of 80x80 frames.
#[cfg(feature = "atari")]
fn pong(args: &Args) -> Result<VecEnv<i8>> {
    use envs::{
        BoxEnv, TimeLimit,
        atari::{Atari, AtariConfig, ObsType},
    };
    use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};

    let mut config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id("Pong")? };
    config.backend = args.backend.unwrap_or(config.backend);
    let make = |_| {
        let env = FrameDifference::new(Atari::new(&config)?, FrameFormat::Palette, &DifferenceConfig::default())?;
        Ok(Box::new(TimeLimit::new(env, None)) as BoxEnv<i8>)
    };
    let envs = (0..args.num_envs).map(make).collect::<Result<_>>()?;
    Ok(VecEnv::new(envs, args.threads)?)
}

#[cfg(not(feature = "atari"))]
fn pong(_args: &Args) -> Result<VecEnv<i8>> {
    anyhow::bail!("this was built without Pong: build with the feature `atari`")
}

/// A game without frame skip, after up to 30 no-ops, as agents see it.
#[cfg(feature = "atari")]
fn stack(args: &Args) -> Result<VecEnv<u8>> {
    use envs::atari::{Atari, AtariConfig, GREY, ObsType};
    use preprocess::{PipelineConfig, pipeline};

    let game = AtariConfig::from_id(&args.env)?;
    let config = AtariConfig { obs_type: ObsType::Palette, noop_max: 30, ..game };
    let options = PipelineConfig { terminal_on_life_loss: true, ..PipelineConfig::default() };
    let envs = (0..args.num_envs).map(|_| pipeline(Atari::new(&config)?, &GREY, &options)).collect::<Result<_, _>>()?;
    Ok(VecEnv::new(envs, args.threads)?)
}

fn spec(args: &Args) -> Result<EnvSpec> {
    let spec = envs::spec(&args.env)?;
    #[cfg(feature = "atari")]
    if args.backend.is_some() || args.pixels {
        use envs::atari::{AtariConfig, ObsType};
        let mut config = AtariConfig::from_id(&spec.id)?;
        config.backend = args.backend.unwrap_or(config.backend);
        if args.pixels {
            config.obs_type = ObsType::Palette;
        }
        return Ok(config.into_spec(spec.id));
    }
    Ok(spec)
}

const CHECKED_STEPS: usize = 1000;

fn measure<T: Element>(mut envs: VecEnv<T>, args: &Args) -> Result<()> {
    let actions = RandomActions::new(envs.action_space(), args);
    envs.reset(&args.seed)?;
    let (checksum, frames_per_step) = check(&mut envs, &actions)?;
    let steps_per_second = time(&mut envs, &actions, Duration::from_secs_f64(args.seconds))?;
    let line = serde_json::json!({
        "env": args.env,
        "mode": "exact",
        "num_envs": args.num_envs,
        "threads": args.threads,
        "steps_per_second": steps_per_second.round(),
        "raw_frames_per_second": (steps_per_second * frames_per_step).round(),
        "checksum": format!("{checksum:08x}"),
    });
    let _ = writeln!(stdout(), "{line}"); // nobody may be reading
    Ok(())
}

/// Enough different actions that no environment learns their pattern, few enough that they stay in the cache.
enum RandomActions {
    Discrete(Vec<Vec<i64>>),
    Continuous { values: Vec<Vec<f64>>, size: usize },
}

impl RandomActions {
    fn new(space: &Space, args: &Args) -> Self {
        let mut rng = NumpyRng::new(&args.seed);
        let count = (1_000_000 / args.num_envs).clamp(16, 1024);
        let mut vector = || (0..args.num_envs).map(|_| space.sample(&mut rng)).collect::<Vec<_>>();
        let vectors = (0..count).map(|_| vector());
        match space {
            Space::Discrete(_) => Self::Discrete(vectors.map(discrete).collect()),
            Space::Box(_) => Self::Continuous { values: vectors.map(continuous).collect(), size: space.size() },
        }
    }

    fn of(&self, step: usize) -> Result<Actions<'_>> {
        Ok(match self {
            Self::Discrete(vectors) => Actions::Discrete(&vectors[step % vectors.len()]),
            Self::Continuous { values, size } => {
                let values = &values[step % values.len()];
                Actions::Continuous(ArrayView2::from_shape((values.len() / size, *size), values)?)
            }
        })
    }
}

fn discrete(samples: Vec<Sample>) -> Vec<i64> {
    samples
        .into_iter()
        .filter_map(|sample| if let Sample::Discrete(value) = sample { Some(value) } else { None })
        .collect()
}

fn continuous(samples: Vec<Sample>) -> Vec<f64> {
    samples.into_iter().flat_map(|sample| if let Sample::Box(values) = sample { values } else { vec![] }).collect()
}

/// The checksum of the first observations, and the raw frames that one step takes on average.
fn check<T: Element>(envs: &mut VecEnv<T>, actions: &RandomActions) -> Result<(u32, f64)> {
    let mut checksum = crc32fast::Hasher::new();
    let (mut frames, mut steps) = (0, 0);
    for step in 0..CHECKED_STEPS {
        let before: Vec<_> = envs.infos().iter().map(|info| info.episode_frame_number).collect();
        envs.step(actions.of(step)?)?;
        checksum.update(bytemuck::cast_slice(envs.observations().as_slice().unwrap_or_default()));
        for (info, before) in envs.infos().iter().zip(before) {
            if let (Some(after), Some(before)) = (info.episode_frame_number, before)
                && after > before
            {
                frames += after - before;
                steps += 1;
            }
        }
    }
    Ok((checksum.finalize(), if steps == 0 { 1.0 } else { f64::from(frames) / f64::from(steps) }))
}

fn time<T: Element>(envs: &mut VecEnv<T>, actions: &RandomActions, duration: Duration) -> Result<f64> {
    let steps_between_looks_at_the_clock = (4096 / envs.num_envs()).max(1);
    let start = Instant::now();
    let mut step = 0;
    while start.elapsed() < duration {
        for _ in 0..steps_between_looks_at_the_clock {
            envs.step(actions.of(step)?)?;
            step += 1;
        }
    }
    Ok((step * envs.num_envs()) as f64 / start.elapsed().as_secs_f64())
}
