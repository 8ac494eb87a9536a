//! Adam, its whole state in plain memory, so that a run can be resumed exactly.

use anyhow::{Result, ensure};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::tensors::{set, to_vec};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// Numbers that one task works on.
const CHUNK: usize = 1 << 14;

/// Adam with bias correction: D. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization* (2015), in the
/// arrangement of `torch.optim.Adam`. It is plain data, and its own saved state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    steps: i32,
    /// One for each parameter.
    pub moments: Vec<Moments>,
}

/// The running means of a parameter's gradient and of its square.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Of the gradient.
    pub first: Vec<f32>,
    /// Of its square.
    pub second: Vec<f32>,
}

impl Adam {
    /// No step taken yet, for these parameters.
    pub fn new(parameters: &[&Tensor]) -> Self {
        let zeros = |parameter: &&Tensor| vec![0.0; parameter.numel()];
        let moments = parameters.iter().map(|p| Moments { first: zeros(p), second: zeros(p) }).collect();
        Self { steps: 0, moments }
    }

    /// Refuses an optimizer of parameters of other sizes.
    ///
    /// # Errors
    /// Where it is one.
    pub fn check_fits(&self, other: &Self) -> Result<()> {
        let sizes = |adam: &Self| adam.moments.iter().map(|m| (m.first.len(), m.second.len())).collect::<Vec<_>>();
        ensure!(sizes(self) == sizes(other), "the optimizer is that of another network");
        Ok(())
    }

    /// One step down these gradients.
    pub fn step(&mut self, parameters: &[&Tensor], gradients: &[Tensor], learning_rate: f64) {
        self.steps += 1;
        let scale = (1.0 - BETA2.powi(self.steps)).sqrt() as f32;
        let rate = (learning_rate / (1.0 - BETA1.powi(self.steps))) as f32;
        for ((parameter, gradient), Moments { first, second }) in
            parameters.iter().zip(gradients).zip(&mut self.moments)
        {
            let (mut values, gradient) = (to_vec(parameter), to_vec(gradient));
            let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
            let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(moments);
            chunks.for_each(|((values, gradient), (first, second))| {
                for (((x, &g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
                    *m += (g - *m) * (1.0 - BETA1) as f32;
                    *v = *v * BETA2 as f32 + g * g * (1.0 - BETA2) as f32;
                    *x -= rate * *m / (v.sqrt() / scale + EPSILON as f32);
                }
            });
            set(parameter, &values);
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::{
        Device, Kind, Tensor,
        nn::{self, OptimizerConfig},
    };

    use super::Adam;

    #[test]
    fn a_hundred_steps_equal_those_of_libtorch() {
        let store = nn::VarStore::new(Device::Cpu);
        let theirs = store.root().var("x", &[50], nn::Init::Const(1.0));
        let ours = theirs.copy().detach().set_requires_grad(true);
        let mut their_optimizer = nn::Adam::default().build(&store, 1e-2).unwrap();
        let mut our_optimizer = Adam::new(&[&ours]);

        tch::manual_seed(0);
        let slopes = Tensor::randn([50], (Kind::Float, Device::Cpu));
        let loss = |x: &Tensor| (x * &slopes).sin().sum(Kind::Float);
        for _ in 0..100 {
            their_optimizer.backward_step(&loss(&theirs));
            let gradients = Tensor::run_backward(&[&loss(&ours)], &[&ours], false, false);
            our_optimizer.step(&[&ours], &gradients, 1e-2);
        }
        let difference = (&theirs - &ours).abs().max().double_value(&[]);
        assert!(difference < 1e-6, "{difference}");
        assert!((&ours - 1.0).abs().max().double_value(&[]) > 0.1, "the steps did move");
    }
}
