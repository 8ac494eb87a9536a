//! Signs that a run learns nothing, each told once: what was seen, and what to try.

use super::columns::EpochReport;

/// Below so many nats a policy has one action for good.
const CERTAIN: f64 = 0.01;
/// Episodes that a policy may be so certain for: of 47 seeds of the preset `cartpole-reinforce`, the six that never
/// recovered were, and none of those that were solved.
const EPISODES: u64 = 1000;

/// In so many first epochs no policy has learned so much that only one action is left.
const FIRST_EPOCHS: u64 = 10;
/// Values that differ by less than this part of their size do not depend on what is seen.
const CONSTANT: f64 = 1e-5;

/// Looks at one epoch after the other.
#[derive(Debug, Default)]
pub struct Doubts {
    /// The number of episodes when the policy became certain.
    certain_since: Option<u64>,
    told_certain: bool,
    told_blind: bool,
}

impl Doubts {
    /// What there is to say after this epoch.
    pub fn look(&mut self, report: &EpochReport<'_>) -> Option<String> {
        self.blind(report).or_else(|| self.constant(report)).or_else(|| self.certain(report))
    }

    /// Steps that were too long for what is seen leave every unit of a layer at its end: values no longer depend on it.
    fn constant(&mut self, report: &EpochReport<'_>) -> Option<String> {
        let values = report.stats.values;
        let size = values.max.abs().max(values.min.abs());
        if self.told_blind || report.epoch == 1 || values.max == 0.0 || values.max - values.min > CONSTANT * size {
            return None;
        }
        self.told_blind = true;
        Some(format!(
            "warning: in epoch {} all observations have one value: the value function no longer depends on what is seen; try a lower \
             --vf-lr, and for whole frames --policy cnn",
            report.epoch
        ))
    }

    /// Fresh weights tell any two observations apart: equal values are those of equal observations. All are 0 where there
    /// is no value function.
    fn blind(&mut self, report: &EpochReport<'_>) -> Option<String> {
        let values = report.stats.values;
        if self.told_blind || report.epoch > 1 || values.max != values.min || values.max == 0.0 {
            return None;
        }
        self.told_blind = true;
        Some(
            "warning: all observations of the first epoch have one value: the agent may see nothing that differs; for a game \
             try --phi stack, which shows it whole frames"
                .into(),
        )
    }

    fn certain(&mut self, report: &EpochReport<'_>) -> Option<String> {
        let (episodes, summary) = (report.episodes.episodes, report.summary);
        if !(0.0..CERTAIN).contains(&report.stats.entropy) || summary.solved {
            self.certain_since = None;
            return None;
        }
        let since = *self.certain_since.get_or_insert(episodes);
        let at_once = report.epoch <= FIRST_EPOCHS && report.stats.entropy < CERTAIN * CERTAIN;
        if self.told_certain || !(at_once || episodes >= since + EPISODES) {
            return None;
        }
        self.told_certain = true;
        if at_once {
            return Some(format!(
                "warning: in epoch {} already the policy has one action for good (entropy {:.4}) and will hardly learn any more: \
                 try a lower --pi-lr, and for whole frames --policy cnn",
                report.epoch, report.stats.entropy
            ));
        }
        let mean = summary.mean_return_100.map_or("-".into(), |mean| format!("{mean:.1}"));
        Some(format!(
            "warning: for {EPISODES} episodes the policy has taken one action for good (entropy {:.4}, mean return {mean}) and will \
             hardly learn any more: try another --seed, a lower --pi-lr, or a larger --entropy",
            report.stats.entropy
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, SolveRule},
        learn::{moments::Moments, update::UpdateStats},
        run::{folder::Summary, statistics::EpisodeWindow},
    };

    /// What is said after epochs with these numbers of episodes so far, entropies and ranges of the value.
    fn said(epochs: &[(u64, f64, f64)]) -> Vec<bool> {
        let mut doubts = Doubts::default();
        let summary = Summary::new(&Config::default());
        let look = |(i, &(episodes, entropy, range)): (usize, &(u64, f64, f64))| {
            let mut window = EpisodeWindow::new(None, SolveRule::Mean100);
            window.episodes = episodes;
            let values = Moments { mean: 0.1, std: range, max: 0.1 + range, min: 0.1 };
            let stats = UpdateStats { entropy, values, ..UpdateStats::default() };
            doubts.look(&EpochReport::new(i as u64 + 1, stats, &window, &summary)).is_some()
        };
        epochs.iter().enumerate().map(look).collect()
    }

    #[test]
    fn a_policy_with_one_action_for_a_thousand_episodes_is_told_once() {
        let lost = [(500, 0.3, 1.0), (600, 0.001, 1.0), (1599, 0.001, 1.0), (1600, 0.001, 1.0), (9000, 0.001, 1.0)];
        assert_eq!(said(&lost), [false, false, false, true, false]);
        let recovers = [(600, 0.001, 1.0), (1500, 0.2, 1.0), (1700, 0.001, 1.0)];
        assert_eq!(said(&recovers), [false; 3]);
        assert_eq!(said(&[(0, -3.0, 1.0), (2000, -3.0, 1.0)]), [false; 2], "a density's entropy may be negative");
    }

    #[test]
    fn an_agent_that_sees_nothing_in_the_first_epoch_is_told() {
        assert_eq!(said(&[(1, 0.6, 0.0), (2, 0.6, 0.0)]), [true, false]);
        assert_eq!(said(&[(1, 0.6, 1e-6), (2, 0.6, 1e-3)]), [false; 2]);
    }

    #[test]
    fn values_and_actions_that_stop_depending_on_anything_are_told_once() {
        assert_eq!(said(&[(1, 0.6, 1.0), (2, 0.6, 1e-8), (3, 0.6, 1e-8)]), [false, true, false]);
        assert_eq!(said(&[(1, 0.6, 1.0), (2, 1e-6, 1.0), (3, 0.0, 1.0)]), [false, true, false]);
        let late: Vec<_> = (0..20).map(|epoch| (epoch, if epoch < 15 { 0.6 } else { 1e-6 }, 1.0)).collect();
        assert!(!said(&late).contains(&true), "later it may have learned so");
    }
}
