//! The peers that are Rust crates, and ALE itself: `rust-peers SYSTEM WORK N THREADS SECONDS ACTIONS`.
//!
//! One JSON line with the rate. ACTIONS is a file of little-endian 64-bit actions, a row of N for each step, used in turn
//! again and again.

use std::{
    error::Error,
    sync::{Barrier, Mutex},
    thread,
    time::{Duration, Instant},
};

use ale::{Ale, BundledRom, LoggerMode};
use gmgn::{
    envs::classic_control::{CartPoleConfig, CartPoleEnv},
    vector::{AutoresetMode, SyncVectorEnv, VectorEnv},
    wrappers::TimeLimit,
};
use gym_rs::{core::Env as _, envs::classical_control::cartpole, spaces::BoxR, utils::renderer::RenderMode};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [system, work, n, threads, seconds, actions] = arguments.as_slice() else {
        return Err("usage: rust-peers SYSTEM WORK N THREADS SECONDS ACTIONS".into());
    };
    let (n, threads) = (n.parse()?, threads.parse()?);
    let seconds = Duration::from_secs_f64(seconds.parse()?);
    let read = || -> Result<Vec<Vec<i64>>> { Ok(rows(&std::fs::read(actions)?, n)) };
    let (rate, version) = match (system.as_str(), work.as_str()) {
        ("gmgn", "CartPole-v1") => (gmgn_cartpole(n, seconds, &read()?)?, "0.4.3"),
        ("gym-rs", "CartPole-v1") => (gym_rs_cartpole(n, seconds, &read()?)?, "0.3.0"),
        ("ale", "Pong") => (ale_pong(n, threads, seconds, &read()?)?, "0.6.0"),
        ("ale", "Pong reset") => (ale_reset(seconds)?, "0.6.0"),
        _ => return Err(format!("{system} does not do {work}").into()),
    };
    println!(r#"{{"rate": {rate}, "version": "{version}"}}"#);
    Ok(())
}

fn rows(bytes: &[u8], n: usize) -> Vec<Vec<i64>> {
    let words = bytes.as_chunks().0.iter().map(|word| i64::from_le_bytes(*word));
    let all: Vec<i64> = words.collect();
    all.chunks_exact(n).map(<[i64]>::to_vec).collect()
}

/// How often a second `step` gets through its n environments, times n. The first tenth of the time does not count.
fn rate(n: usize, seconds: Duration, actions: &[Vec<i64>], mut step: impl FnMut(&[i64]) -> Result<()>) -> Result<f64> {
    let steps_between_looks_at_the_clock = (64 / n).max(1);
    let mut rows = actions.iter().cycle();
    let mut run = |duration: Duration| -> Result<f64> {
        let (start, mut steps) = (Instant::now(), 0);
        while start.elapsed() < duration {
            for actions in rows.by_ref().take(steps_between_looks_at_the_clock) {
                step(actions)?;
                steps += 1;
            }
        }
        Ok((steps * n) as f64 / start.elapsed().as_secs_f64())
    };
    run(seconds / 10)?;
    run(seconds)
}

/// gmgn's own vector environment, which resets in the same step.
fn gmgn_cartpole(n: usize, seconds: Duration, actions: &[Vec<i64>]) -> Result<f64> {
    let make = |_| -> Result<_> { Ok(TimeLimit::new(CartPoleEnv::new(CartPoleConfig::default())?, 500)) };
    let envs = (0..n).map(make).collect::<Result<Vec<_>>>()?;
    let mut envs = SyncVectorEnv::with_autoreset(envs, AutoresetMode::SameStep)?;
    envs.reset(Some(0))?;
    rate(n, seconds, actions, |actions| {
        std::hint::black_box(envs.step(actions)?);
        Ok(())
    })
}

/// gym-rs has no vector environment: a loop that writes observations, rewards and ends into one array each. Its own
/// start is ten times as wide as CartPole's and most often over after a step; here it gets CartPole's.
fn gym_rs_cartpole(n: usize, seconds: Duration, actions: &[Vec<i64>]) -> Result<f64> {
    let narrow = || {
        let bound = || 0.05_f64.into();
        let high = cartpole::CartPoleObservation::new(bound(), bound(), bound(), bound());
        Some(BoxR::new(-high, high))
    };
    let mut envs: Vec<_> = (0..n).map(|_| cartpole::CartPoleEnv::new(RenderMode::None)).collect();
    for (seed, env) in (0..).zip(&mut envs) {
        env.reset(Some(seed), false, narrow());
    }
    let mut observations: Vec<_> = envs.iter().map(|env| env.state).collect();
    let (mut rewards, mut ends, mut lengths) = (vec![0.0; n], vec![false; n], vec![0; n]);
    rate(n, seconds, actions, |actions| {
        for (i, env) in envs.iter_mut().enumerate() {
            let step = env.step(actions[i] as usize);
            lengths[i] += 1;
            rewards[i] = step.reward.into_inner();
            ends[i] = step.done || lengths[i] == 500;
            observations[i] = step.observation;
            if ends[i] {
                observations[i] = env.reset(None, false, narrow()).0;
                lengths[i] = 0;
            }
        }
        std::hint::black_box((&mut observations, &mut rewards, &mut ends));
        Ok(())
    })
}

/// Making and deleting emulators from several threads at once can end the process.
static MAKING: Mutex<()> = Mutex::new(());

const FRAME_SKIP: usize = 4;
const MINIMAL_ACTIONS: [i32; 6] = [0, 1, 3, 4, 11, 12];

fn pong() -> Result<Ale> {
    Ale::set_logger_mode(LoggerMode::Error);
    let mut ale = Ale::new();
    ale.load_rom(BundledRom::Pong)?;
    Ok(ale)
}

/// `act` and nothing else on so many threads, in raw frames a second: each thread has its share of the emulators.
fn ale_pong(n: usize, threads: usize, seconds: Duration, actions: &[Vec<i64>]) -> Result<f64> {
    let share = n / threads;
    let ready = Barrier::new(threads);
    let thread = |index: usize| -> Result<f64> {
        let ales = {
            let _alone = MAKING.lock();
            (0..share).map(|_| pong()).collect::<Result<Vec<_>>>()
        };
        let columns = index * share..(index + 1) * share;
        let actions: Vec<_> = actions.iter().map(|row| row[columns.clone()].to_vec()).collect();
        ready.wait();
        let mut ales = ales?;
        let rate = rate(share, seconds, &actions, |actions| {
            for (ale, action) in ales.iter_mut().zip(actions) {
                for _ in 0..FRAME_SKIP {
                    ale.act(MINIMAL_ACTIONS[*action as usize]);
                }
                if ale.is_game_over() {
                    ale.reset_game();
                }
            }
            Ok(())
        });
        let _alone = MAKING.lock();
        drop(ales);
        rate
    };
    let rates = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|index| scope.spawn(move || thread(index))).collect();
        handles.into_iter().map(|handle| handle.join().map_err(|_| "a thread panicked")?).collect::<Result<Vec<_>>>()
    })?;
    Ok(FRAME_SKIP as f64 * rates.iter().sum::<f64>())
}

fn ale_reset(seconds: Duration) -> Result<f64> {
    let mut ale = pong()?;
    rate(1, seconds, &[vec![0]], |_| {
        ale.reset_game();
        Ok(())
    })
}
