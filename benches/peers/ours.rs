//! What of ours `make bench-peers` measures beside the example `throughput`: the frame difference alone, a reset of Pong.
//!
//! One JSON line with the rate: differences or resets per second.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use envs::{
    Env, Seed,
    atari::{Atari, AtariConfig, Backend},
};
use preprocess::{Cell, DifferenceConfig, FrameFormat, Kernel, Masker, difference_with};
use replay::episode;

#[derive(Parser)]
struct Args {
    /// What to measure
    work: Work,
    /// How long to measure
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Instructions of the difference: plain, avx2 or avx512; without it the fastest
    #[arg(long)]
    kernel: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Work {
    DifferenceI8,
    DifferenceF32,
    Reset,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let rate = match args.work {
        Work::DifferenceI8 => difference::<i8>(&args)?,
        Work::DifferenceF32 => difference::<f32>(&args)?,
        Work::Reset => reset(&args)?,
    };
    println!("{}", serde_json::json!({ "rate": rate }));
    Ok(())
}

/// Calls per second. The first tenth of the time does not count.
fn rate(
    args: &Args,
    calls_between_looks_at_the_clock: usize,
    mut call: impl FnMut(usize) -> Result<()>,
) -> Result<f64> {
    let mut calls = 0;
    let mut run = |seconds: f64| -> Result<f64> {
        let (start, first) = (Instant::now(), calls);
        while start.elapsed() < Duration::from_secs_f64(seconds) {
            for _ in 0..calls_between_looks_at_the_clock {
                call(calls)?;
                calls += 1;
            }
        }
        Ok((calls - first) as f64 / start.elapsed().as_secs_f64())
    };
    run(args.seconds / 10.0)?;
    run(args.seconds)
}

/// One frame to its mask, and the mask's difference from the one before; two frames of the recorded episode in turn.
fn difference<T: Cell + Default + Clone>(args: &Args) -> Result<f64> {
    let kernel = match &args.kernel {
        Some(name) => {
            let named = Kernel::available().into_iter().find(|kernel| kernel.name() == name);
            named.with_context(|| format!("this processor has no kernel {name}"))?
        }
        None => Kernel::detect(),
    };
    let masker = Masker::new(FrameFormat::Palette, &DifferenceConfig::default())?.with_kernel(kernel);
    let frames = &episode::frames()[0][400..402];
    let mut masks = [0, 1].map(|_| vec![0; masker.mask_len()]);
    let mut observation = vec![T::default(); 80 * 80];
    rate(args, 4096, |call| {
        let [now, earlier] = &mut masks;
        masker.mask(black_box(&frames[call % 2]), now)?;
        difference_with(kernel, now, earlier, &mut observation)?;
        black_box(&observation);
        masks.swap(0, 1);
        Ok(())
    })
}

/// Resets of ALE's console without a seed, as at the end of an episode.
fn reset(args: &Args) -> Result<f64> {
    let mut env = Atari::new(&AtariConfig { backend: Backend::Ale, ..AtariConfig::from_id("PongNoFrameskip-v4")? })?;
    let mut observation = vec![0; env.observation_space().size()];
    env.reset(Some(&Seed::from(0)), &mut observation)?;
    rate(args, 1, |_| Ok(env.reset(None, &mut observation).map(drop)?))
}
