//! The pictures that a run gets with each policy that is kept.

use anyhow::Result;

use crate::{
    config::{Baseline, Config},
    play::evaluate::Play,
    play::record::gif,
    play::watch::Beside,
    run::folder::RunFolder,
    run::logger::{Draw, Picture},
    run::plot::{Curve, Panel, draw},
    run::table::read_columns,
};

/// Draws the plots as they stand and, with `render`, the policy's play, for which a window opens where there is a
/// display.
pub fn pictures(config: &Config, render: bool) -> Draw {
    let config = config.clone();
    let mut window = None;
    Box::new(move |kept| {
        let mut pictures = plots(kept.folder, config.credit.baseline)?;
        if render {
            let play = Play { seed: config.seed, deterministic: false };
            let name = format!("checkpoints/policy-{}.gif", kept.epoch);
            pictures.push(Picture { name, bytes: gif(&config, kept.policy, play)? });
            if window.is_none() {
                window = Beside::open(kept.folder.path())?;
            }
        }
        Ok(pictures)
    })
}

/// Returns and losses over steps.
fn plots(folder: &RunFolder, baseline: Baseline) -> Result<Vec<Picture>> {
    let names = ["TotalEnvInteracts", "AverageEpRet", "LossPi", "LossV"];
    let columns = read_columns(&folder.file("progress.txt"), &names)?;
    let curves: Vec<Curve> = columns[1..].iter().map(|column| curve(&columns[0], column)).collect();
    let panel = |y, index: usize| Panel { y, curves: &curves[index..=index] };
    let mut losses = vec![panel("policy loss", 1)];
    if baseline == Baseline::Value {
        losses.push(panel("value loss", 2));
    }
    let rewards = [panel("mean return of the epoch's episodes", 0)];
    [("rewards.png", &rewards[..]), ("losses.png", &losses)]
        .into_iter()
        .map(|(name, panels)| Ok(Picture { name: name.into(), bytes: draw("environment steps", panels)? }))
        .collect()
}

fn curve(steps: &[f64], values: &[f64]) -> Curve {
    let mut curve = Curve::default();
    steps.iter().zip(values).for_each(|(&steps, &value)| curve.push(steps, value));
    curve
}
