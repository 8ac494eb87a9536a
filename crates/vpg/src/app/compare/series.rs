//! Means over seeds, and how sure they are.

use envs::{NumpyRng, Seed};

use crate::{learn::moments::Moments, run::plot::Curve};

/// What a line over several seeds shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Stat {
    /// The mean, and one standard deviation to both sides.
    #[default]
    Mean,
    /// The mean of the middle half (R. Agarwal et al., *Deep Reinforcement Learning at the Edge of the Statistical
    /// Precipice*, 2021), and its 95 % interval by a percentile bootstrap over the seeds.
    Iqm,
}

/// The points of one run.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub points: Vec<(f64, f64)>,
    /// How far the band reaches at each point, where the run has one of its own.
    pub deviations: Option<Vec<f64>>,
    /// Whether it ended since it was solved: then its last value counts for what it would have had later.
    pub solved: bool,
}

impl Series {
    /// The value at `x`, between two points their linear mixture; none outside of the points, but after the last of a
    /// run that was solved.
    pub fn at(&self, x: f64) -> Option<f64> {
        let after = self.points.partition_point(|point| point.0 < x);
        let Some(&(x1, y1)) = self.points.get(after) else {
            return self.points.last().filter(|_| self.solved).map(|point| point.1);
        };
        if x1 == x {
            return Some(y1);
        }
        let (x0, y0) = *self.points.get(after.checked_sub(1)?)?;
        Some(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    }

    fn end(&self) -> f64 {
        self.points.last().map_or(f64::NEG_INFINITY, |point| point.0)
    }
}

/// The line of these seeds, wherever all of them have a value. Behind the end of the first that was solved it is dotted.
pub fn curve(name: &str, seeds: &[Series], stat: Stat) -> Curve {
    if let [Series { points, deviations, .. }] = seeds {
        let mut curve = Curve::new(name);
        for (i, &(x, y)) in points.iter().enumerate() {
            let deviation = deviations.as_ref().map_or(0.0, |deviations| deviations[i]);
            curve.push_band(x, y, [y - deviation, y + deviation]);
        }
        return curve;
    }
    let end = seeds.iter().map(Series::end).fold(f64::NEG_INFINITY, f64::max);
    let solved_at = seeds.iter().filter(|series| series.solved).map(Series::end).fold(f64::INFINITY, f64::min);
    let carried = if solved_at < end { "; dotted: solved seeds stay at their last value" } else { "" };
    let mut curve = Curve::new(&format!("{name} ({} seeds{carried})", seeds.len()));
    if solved_at < end {
        curve.dotted_from(solved_at);
    }
    let mut all_x: Vec<f64> = seeds.iter().flat_map(|series| &series.points).map(|point| point.0).collect();
    all_x.sort_by(f64::total_cmp);
    all_x.dedup();
    let mut rng = NumpyRng::new(&Seed::from(0));
    for x in all_x {
        let values: Vec<f64> = seeds.iter().filter_map(|series| series.at(x)).collect();
        if values.len() == seeds.len() {
            let (value, band) = match stat {
                Stat::Mean => {
                    let Moments { mean, std, .. } = Moments::of(values.iter().copied());
                    (mean, [mean - std, mean + std])
                }
                Stat::Iqm => (middle_mean(&values), interval(&values, &mut rng)),
            };
            curve.push_band(x, value, band);
        }
    }
    curve
}

/// The mean without the lowest and the highest quarter, as `scipy.stats.trim_mean(values, 0.25)` has it: of n values the
/// floor of n / 4 are left out at both ends.
fn middle_mean(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    Moments::of(sorted[cut..sorted.len() - cut].iter().copied()).mean
}

const RESAMPLES: usize = 1000;

/// Between which values 95 of 100 middle means of as many values drawn with replacement lie.
fn interval(values: &[f64], rng: &mut NumpyRng) -> [f64; 2] {
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<f64> =
                (0..values.len()).map(|_| values[rng.integers(0, values.len() as i64) as usize]).collect();
            middle_mean(&drawn)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    [means[RESAMPLES * 25 / 1000], means[RESAMPLES * 975 / 1000]]
}

/// Means of up to `window` points that have a value; points before the first value are left out.
pub fn smooth(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let mean = |end: usize| {
        let values = points[(end + 1).saturating_sub(window.max(1))..=end].iter().map(|point| point.1);
        Moments::of(values.filter(|value| value.is_finite())).mean
    };
    (0..points.len()).map(|end| (points[end].0, mean(end))).filter(|point| point.1.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_is_the_mean_of_the_last_epochs_that_ended_an_episode() {
        let points = [(1.0, f64::NAN), (2.0, 4.0), (3.0, f64::NAN), (4.0, 8.0)];
        assert_eq!(smooth(&points, 3), [(2.0, 4.0), (3.0, 4.0), (4.0, 6.0)]);
        assert_eq!(smooth(&points, 1), [(2.0, 4.0), (4.0, 8.0)]);
    }

    #[test]
    fn values_between_points_are_interpolated() {
        let mut series = Series { points: vec![(0.0, 1.0), (10.0, 3.0)], ..Series::default() };
        assert_eq!([0.0, 5.0, 10.0, 11.0].map(|x| series.at(x)), [Some(1.0), Some(2.0), Some(3.0), None]);
        series.solved = true;
        assert_eq!(series.at(11.0), Some(3.0), "a run that was solved stays where it was");
    }

    #[test]
    fn the_middle_mean_leaves_a_quarter_out_at_both_ends() {
        assert_eq!(middle_mean(&[100.0, 1.0, 3.0, 2.0, -50.0]), 2.0);
        assert_eq!(middle_mean(&[4.0, 2.0, 3.0]), 3.0);
        let [low, high] = interval(&[1.0, 2.0, 3.0, 4.0], &mut NumpyRng::new(&Seed::from(1)));
        assert!((1.0..2.5).contains(&low) && high > 2.5 && high <= 4.0, "{low} {high}");
        assert_eq!(interval(&[5.0; 3], &mut NumpyRng::new(&Seed::from(1))), [5.0, 5.0]);
    }
}
