//! The pictures that a run gets with each policy that is kept.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
};

use anyhow::Result;

use crate::{
    config::{Baseline, Config, SolveRule},
    interrupt::{Interrupt, Interrupted},
    play::evaluate::Play,
    play::record::gif,
    play::watch::Beside,
    run::folder::RunFolder,
    run::logger::{Draw, Picture},
    run::plot::{Curve, Format, Panel, draw},
    run::statistics::WINDOW,
    run::table::read_columns,
};

/// Draws the plots as they stand and, with `render`, the policy's play, for which a window opens where there is a
/// display. A wish to end leaves the play out.
pub fn pictures(config: &Config, render: bool, stop: &Interrupt) -> Draw {
    let (config, stop) = (config.clone(), stop.clone());
    let mut window = None;
    Box::new(move |kept| {
        let mut pictures = plots(kept.folder, &config)?;
        if render && !stop.is_raised() {
            let play = Play { seed: config.seed, deterministic: false };
            let name = format!("checkpoints/policy-{}.gif", kept.epoch);
            match gif(&config, kept.policy, play, &stop) {
                Err(error) if error.is::<Interrupted>() => {} // the run is worth more
                bytes => pictures.push(Picture { name, bytes: bytes? }),
            }
            if window.is_none() {
                window = Beside::open(kept.folder.path())?;
            }
        }
        Ok(pictures)
    })
}

/// Returns and losses over raw frames.
fn plots(folder: &RunFolder, config: &Config) -> Result<Vec<Picture>> {
    let names = ["Epoch", "TotalEnvInteracts", "AverageEpRet", "LossPi", "LossV"];
    let columns = read_columns(&folder.file("progress.txt"), &names)?;
    let frames: Vec<f64> = columns[1].iter().map(|steps| steps * config.frames_per_step()).collect();
    let means = means_by_epoch(&fs::read_to_string(folder.file("episodes.csv"))?);
    let of_hundred = columns[0].iter().map(|&epoch| means.get(&(epoch as u64)).copied().unwrap_or(f64::NAN));
    let returns = [
        curve(Curve::of_dots("the epoch's episodes"), &frames, columns[2].iter().copied()),
        curve(Curve::new("the last 100 episodes"), &frames, of_hundred),
    ];
    let losses = [3, 4].map(|index| curve(Curve::default(), &frames, columns[index].iter().copied()));

    let level = config.budget.solve_at.filter(|_| config.budget.solve_rule == SolveRule::Mean100);
    let solved = level.map_or(String::new(), |level| format!(", solved at {level}"));
    let title = format!("{}, seed {}{solved}", config.environment.id, config.seed);
    let x = if config.frames_per_step() == 1.0 { "environment steps" } else { "raw frames" };
    let rewards = Panel { title: &title, y: "mean return", curves: &returns, level };
    let panel = |title, y, index: usize| Panel { title, y, curves: &losses[index..=index], level: None };
    let mut of_losses = vec![panel(title.as_str(), "policy loss", 0)];
    if config.credit.baseline == Baseline::Value {
        of_losses.push(panel("", "value loss", 1));
    }
    [("rewards.png", &[rewards][..]), ("losses.png", &of_losses)]
        .into_iter()
        .map(|(name, panels)| Ok(Picture { name: name.into(), bytes: draw(Format::Png, x, panels)? }))
        .collect()
}

fn curve(mut curve: Curve, x: &[f64], y: impl Iterator<Item = f64>) -> Curve {
    x.iter().zip(y).for_each(|(&x, y)| curve.push(x, y));
    curve
}

/// The mean return of the last hundred episodes at the end of each epoch in which one ended, from the text of
/// `episodes.csv`.
fn means_by_epoch(episodes: &str) -> BTreeMap<u64, f64> {
    let (mut last, mut means) = (VecDeque::new(), BTreeMap::new());
    for row in episodes.lines().skip(1) {
        let mut columns = row.split(',').skip(1);
        let epoch = columns.next().and_then(|number| number.parse::<u64>().ok());
        let (Some(epoch), Some(value)) = (epoch, columns.next().and_then(|number| number.parse::<f64>().ok())) else {
            continue;
        };
        last.push_back(value);
        if last.len() > WINDOW {
            last.pop_front();
        }
        if last.len() == WINDOW {
            means.insert(epoch, last.iter().sum::<f64>() / WINDOW as f64);
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_a_hundred_is_read_from_the_episodes() {
        let rows = (1..=120).map(|i| format!("{i},{},{i},5\n", (i + 9) / 10));
        let means = means_by_epoch(&("Episode,Epoch,EpRet,EpLen\n".to_owned() + &rows.collect::<String>()));
        assert_eq!(means.into_iter().collect::<Vec<_>>(), [(10, 50.5), (11, 60.5), (12, 70.5)]);
    }
}
