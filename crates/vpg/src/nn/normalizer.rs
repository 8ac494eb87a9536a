//! Running means and variances: what observations and rewards are normalised with.

use tch::{Device, Kind, Tensor};

use crate::nn::tensors::to_vec;

/// How far a normalised number may lie from 0.
pub const CLIP: f32 = 10.0;
/// Keeps divisions finite.
const EPSILON: f32 = 1e-8;

/// Mean and variance of everything seen so far, for each of some numbers. They stand in tensors, so that they are saved
/// and loaded with the parameters.
#[derive(Debug)]
pub struct RunningMoments {
    /// `(len)`.
    pub mean: Tensor,
    /// Biased, `(len)`.
    pub variance: Tensor,
    /// How many were seen, `(1)`.
    pub count: Tensor,
}

impl RunningMoments {
    /// Nothing seen yet: mean 0 and variance 1.
    pub fn new(len: usize) -> Self {
        let kind = (Kind::Float, Device::Cpu);
        let len = len as i64;
        Self { mean: Tensor::zeros([len], kind), variance: Tensor::ones([len], kind), count: Tensor::zeros([1], kind) }
    }

    /// Takes in these rows, each as long as the mean.
    pub fn update(&mut self, rows: impl Iterator<Item = f64> + Clone) {
        *self = self.updated(rows);
    }

    /// The moments with these rows taken in, each as long as the mean: T. Chan et al., *Updating Formulae and a Pairwise
    /// Algorithm for Computing Sample Variances* (1979).
    pub fn updated(&self, rows: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut mean, mut variance) = (to_vec(&self.mean), to_vec(&self.variance));
        let seen = f64::from(to_vec(&self.count)[0]);
        let len = mean.len();
        let mut new = 0.0;
        for i in 0..len {
            let column = || rows.clone().skip(i).step_by(len);
            new = column().count() as f64;
            if new == 0.0 {
                break;
            }
            let new_mean = column().sum::<f64>() / new;
            let new_squares = column().map(|x| (x - new_mean).powi(2)).sum::<f64>();
            let (old_mean, old_squares) = (f64::from(mean[i]), f64::from(variance[i]) * seen);
            let (all, delta) = (seen + new, new_mean - old_mean);
            mean[i] = (old_mean + delta * new / all) as f32;
            variance[i] = ((old_squares + new_squares + delta * delta * seen * new / all) / all) as f32;
        }
        let tensor = |values: &[f32]| Tensor::from_slice(values);
        Self { mean: tensor(&mean), variance: tensor(&variance), count: tensor(&[(seen + new) as f32]) }
    }

    /// The means, and what the differences from them are multiplied with.
    pub fn shift_and_scale(&self) -> ShiftScale {
        let scale = to_vec(&self.variance).iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect();
        ShiftScale { shift: to_vec(&self.mean), scale }
    }

    /// Mean, variance and count.
    pub fn tensors(&self) -> [&Tensor; 3] {
        [&self.mean, &self.variance, &self.count]
    }

    /// The tensors with their names below `prefix`.
    pub fn named(&self, prefix: &str) -> [(String, Tensor); 3] {
        let [mean, variance, count] = self.tensors().map(Tensor::shallow_clone);
        [("mean", mean), ("var", variance), ("count", count)].map(|(name, tensor)| (format!("{prefix}_{name}"), tensor))
    }
}

/// The numbers of [`RunningMoments`] as they are now, in plain memory.
#[derive(Clone, Debug)]
pub struct ShiftScale {
    shift: Vec<f32>,
    /// One over the standard deviation.
    pub scale: Vec<f32>,
}

impl ShiftScale {
    /// (x - mean) / std, clipped, for rows in a row.
    pub fn apply(&self, values: &mut [f32]) {
        for row in values.chunks_mut(self.shift.len()) {
            for ((value, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                *value = ((*value - shift) * scale).clamp(-CLIP, CLIP);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_moments_of_the_whole() {
        let rows = [1.0, 10.0, 2.0, 20.0, 6.0, -30.0, 7.0, 0.0];
        let mut moments = RunningMoments::new(2);
        moments.update(rows[..2].iter().copied());
        moments.update(std::iter::empty());
        moments.update(rows[2..].iter().copied());
        assert_eq!(to_vec(&moments.mean), [4.0, 0.0]);
        assert_eq!(to_vec(&moments.variance), [6.5, 350.0]); // ((1-4)² + (2-4)² + (6-4)² + (7-4)²) / 4
        assert_eq!(to_vec(&moments.count), [4.0]);
    }

    #[test]
    fn normalised_numbers_are_clipped() {
        let mut moments = RunningMoments::new(1);
        moments.update([1.0, 3.0].into_iter());
        let mut values = [3.0, 2.0, 1e9];
        moments.shift_and_scale().apply(&mut values);
        assert_eq!(values, [1.0, 0.0, CLIP]);
    }
}
