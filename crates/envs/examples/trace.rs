//! Plays actions from standard input and prints every answer as a line of JSON, for scripts in any language.
//!
//! ```text
//! $ printf '0\n1\n' | cargo run --release -p envs --example trace -- --env CartPole-v1 --seed 42
//! {"reset":true,"obs":[0.027395604,-0.006112156,0.035859793,0.019736802]}
//! {"obs":[0.027273363,-0.20172954,0.03625453,0.32351476],"reward":1.0,"terminated":false,"truncated":false}
//! {"obs":[0.02323877,-0.007142078,0.04272482,0.042481862],"reward":1.0,"terminated":false,"truncated":false}
//! ```
//!
//! An action is a line: a whole number, or an array's numbers in C order with spaces between; blank lines do not count.
//! Numbers of observations are the shortest decimals that read back as the same number of their own type; one that is
//! not finite is `null`. An image is `"obs_crc32"`, the CRC-32 of its bytes in C order.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use clap::Parser;
use envs::{Action, AnyEnv, BoxEnv, Element, EnvSpec, Seed, Space, Step};
use serde::Serialize;

/// Play actions from standard input, one a line, and print every answer as a line of JSON.
#[derive(Parser)]
struct Args {
    /// The environment's id or short name
    #[arg(long, value_name = "ID", value_parser = envs::spec)]
    env: EnvSpec,
    /// The seed of the first reset: a whole number of any size from 0 on
    #[arg(long, allow_hyphen_values = true)]
    seed: Seed,
    /// Go on after an end instead of resetting
    #[arg(long)]
    ignore_ends: bool,
    /// Emulator of Atari games: ale or vcs
    #[cfg(feature = "atari")]
    #[arg(long)]
    backend: Option<envs::atari::Backend>,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            let message = error.to_string();
            let lines: Vec<&str> = message.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            eprintln!("{}", lines.join(" "));
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn run(args: &Args) -> Result<()> {
    match spec(args)?.make()? {
        AnyEnv::U8(env) => trace(env, args),
        AnyEnv::I8(env) => trace(env, args),
        AnyEnv::F32(env) => trace(env, args),
        AnyEnv::F64(env) => trace(env, args),
    }
}

fn spec(args: &Args) -> Result<EnvSpec> {
    #[cfg(feature = "atari")]
    if let Some(backend) = args.backend {
        let id = args.env.id.as_str();
        return Ok(envs::atari::AtariConfig { backend, ..envs::atari::AtariConfig::from_id(id)? }.into_spec(id));
    }
    Ok(args.env.clone())
}

fn trace<T: Element + Serialize>(mut env: BoxEnv<T>, args: &Args) -> Result<()> {
    let shape = env.observation_space().shape().to_vec();
    let mut observation = vec![T::default(); shape.iter().product()];
    let mut out = io::stdout().lock();
    env.reset(Some(&args.seed), &mut observation)?;
    print(&mut out, &ResetLine::new(&observation, &shape))?;
    for (number, line) in (1..).zip(io::stdin().lock().lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let step = step(&mut env, &line, &mut observation).map_err(|error| format!("line {number}: {error}"))?;
        print(&mut out, &StepLine::new(&observation, &shape, &step))?;
        if step.done() && !args.ignore_ends {
            env.reset(None, &mut observation)?;
            print(&mut out, &ResetLine::new(&observation, &shape))?;
        }
    }
    Ok(())
}

/// Takes the step that a line of input asks for.
fn step<T: Element>(env: &mut BoxEnv<T>, line: &str, observation: &mut [T]) -> Result<Step> {
    let expected = |error: &str| format!("{:?} is no action: {error}, expected {}", line.trim(), env.action_space());
    Ok(match env.action_space() {
        Space::Discrete(_) => {
            let index = line.trim().parse().map_err(|error| expected(&format!("{error}")))?;
            env.step(Action::Discrete(index), observation)?
        }
        Space::Box(_) => {
            let numbers: std::result::Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
            let numbers = numbers.map_err(|error| expected(&error.to_string()))?;
            env.step(Action::Continuous(&numbers), observation)?
        }
    })
}

fn print(out: &mut impl Write, line: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

#[derive(Serialize)]
struct ResetLine<'a, T> {
    reset: bool,
    #[serde(flatten)]
    observation: Observation<'a, T>,
}

#[derive(Serialize)]
struct StepLine<'a, T> {
    #[serde(flatten)]
    observation: Observation<'a, T>,
    reward: f64,
    terminated: bool,
    truncated: bool,
}

#[derive(Serialize)]
enum Observation<'a, T> {
    #[serde(rename = "obs")]
    Numbers(&'a [T]),
    #[serde(rename = "obs_crc32")]
    Image(u32),
}

impl<'a, T: Element> Observation<'a, T> {
    fn new(observation: &'a [T], shape: &[usize]) -> Self {
        match shape.len() {
            0 | 1 => Self::Numbers(observation),
            _ => Self::Image(crc32fast::hash(bytemuck::cast_slice(observation))),
        }
    }
}

impl<'a, T: Element> ResetLine<'a, T> {
    fn new(observation: &'a [T], shape: &[usize]) -> Self {
        Self { reset: true, observation: Observation::new(observation, shape) }
    }
}

impl<'a, T: Element> StepLine<'a, T> {
    fn new(observation: &'a [T], shape: &[usize], step: &Step) -> Self {
        let &Step { reward, terminated, truncated, .. } = step;
        Self { observation: Observation::new(observation, shape), reward, terminated, truncated }
    }
}
