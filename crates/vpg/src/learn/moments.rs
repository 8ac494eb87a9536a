//! A few numbers that stand for many.

/// Mean, standard deviation, maximum and minimum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// The sum over the count.
    pub mean: f64,
    /// The root of the mean squared distance from the mean: it divides by n.
    pub std: f64,
    /// The largest.
    pub max: f64,
    /// The smallest.
    pub min: f64,
}

impl Moments {
    /// Of these numbers; all NaN where there are none.
    pub fn of(numbers: impl IntoIterator<Item = f64> + Clone) -> Self {
        let numbers = || numbers.clone().into_iter();
        let n = numbers().count() as f64;
        let mean = numbers().sum::<f64>() / n;
        Self {
            mean,
            std: (numbers().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt(),
            max: numbers().fold(f64::NAN, f64::max),
            min: numbers().fold(f64::NAN, f64::min),
        }
    }
}
