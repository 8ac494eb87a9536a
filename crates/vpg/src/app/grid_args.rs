//! The command line of `vpg grid`.

use std::path::PathBuf;

use crate::config::number_in;

/// The flags of `vpg grid`.
#[derive(Clone, Debug, clap::Args)]
pub struct GridArgs {
    /// The folder that gets a folder for each combination, with one for each seed in it. Called again with the same
    /// arguments, `vpg grid` goes on where it stopped.
    pub out: PathBuf,
    /// A training flag and the values to try, such as "pi-lr=1e-3 1e-2"; may be given for several flags.
    #[arg(long, value_name = "FLAG=VALUE VALUE..", value_parser = vary)]
    pub vary: Vec<Axis>,
    /// The seeds of each combination.
    #[arg(long, value_name = "S,..", value_parser = seeds, default_value = "0,1,2")]
    pub seeds: Seeds,
    /// Runs side by side [default: the number of cores].
    #[arg(long, value_name = "N", value_parser = number_in(1..=1024))]
    pub jobs: Option<u64>,
    /// Flags that all runs share, such as `-- --env CartPole --epochs 50`.
    #[arg(last = true, value_name = "TRAINING FLAGS", required = true)]
    pub flags: Vec<String>,
}

/// A training flag and the values it takes in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    pub(super) flag: String,
    pub(super) values: Vec<String>,
}

/// The seeds of each combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub(super) Vec<u64>);

/// Numbers with commas or spaces between them.
fn seeds(text: &str) -> Result<Seeds, String> {
    let numbers = text.split([',', ' ']).filter(|number| !number.is_empty());
    let seeds: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
    seeds.filter(|seeds| !seeds.is_empty()).map(Seeds).ok_or("expected numbers such as 0,1,2".into())
}

fn vary(text: &str) -> Result<Axis, String> {
    let (flag, values) = text.split_once('=').ok_or("expected a flag, =, and values with spaces between them")?;
    let values: Vec<String> = values.split_whitespace().map(str::to_owned).collect();
    if values.is_empty() {
        return Err(format!("{flag} has no value"));
    }
    Ok(Axis { flag: flag.trim_start_matches('-').replace('_', "-"), values })
}
