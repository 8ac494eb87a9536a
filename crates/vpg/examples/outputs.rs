//! What a trained policy makes of observations: `cargo run -p vpg --example outputs -- RUN [CHECKPOINT] < rows.csv`.
//!
//! Every line of the input is one observation, its numbers separated by commas; every line of the output has the logits of
//! the actions, or the mean of a continuous action.

use std::{
    env,
    io::{self, Write, stdout},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use vpg::{Actor, Checkpoint, RunFolder, load_policy, observation_len};

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let run = PathBuf::from(args.next().context("outputs RUN [CHECKPOINT]")?);
    let checkpoint: Checkpoint = args.next().as_deref().unwrap_or("latest").parse()?;
    let (folder, config) = RunFolder::open(&run)?;
    let policy = load_policy(&folder, &config, &checkpoint)?;
    let mut actor = Actor::new(&policy);
    let inputs = observation_len(&config)?;
    for line in io::stdin().lines() {
        let line = line?;
        let numbers = line.split(',').map(|number| number.trim().parse::<f32>().with_context(|| line.clone()));
        let row: Vec<f32> = numbers.collect::<Result<_>>()?;
        ensure!(row.len() == inputs, "{line:?} has {} numbers: expected {inputs}", row.len());
        let outputs: Vec<String> = actor.forward(&row).iter().map(f32::to_string).collect();
        let _ = writeln!(stdout(), "{}", outputs.join(",")); // nobody may be reading
    }
    Ok(())
}
