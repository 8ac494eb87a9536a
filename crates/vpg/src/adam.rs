//! Adam, with its whole state in plain tensors so that a run can be resumed exactly.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::tensors::{set, to_vec};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam with bias correction: D. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization* (2015), in the
/// arrangement of `torch.optim.Adam`.
#[derive(Debug)]
pub struct Adam {
    steps: i32,
    /// First and second moment of each parameter.
    moments: Vec<(Tensor, Tensor)>,
}

/// The whole state of an [`Adam`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamState {
    steps: i32,
    moments: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Adam {
    /// No step taken yet, for these parameters.
    pub fn new(parameters: &[&Tensor]) -> Self {
        let zeros = |parameter: &Tensor| parameter.zeros_like().set_requires_grad(false);
        Self { steps: 0, moments: parameters.iter().map(|p| (zeros(p), zeros(p))).collect() }
    }

    /// The state as plain data.
    pub fn save(&self) -> AdamState {
        let moments = self.moments.iter().map(|(first, second)| (to_vec(first), to_vec(second))).collect();
        AdamState { steps: self.steps, moments }
    }

    /// Takes a state that `save` gave for parameters of the same shapes.
    ///
    /// # Errors
    /// Where the shapes differ.
    pub fn restore(&mut self, state: &AdamState) -> Result<()> {
        ensure!(state.moments.len() == self.moments.len(), "the optimizer is that of another network");
        for ((first, second), (saved_first, saved_second)) in self.moments.iter().zip(&state.moments) {
            set(first, saved_first)?;
            set(second, saved_second)?;
        }
        self.steps = state.steps;
        Ok(())
    }

    /// One step down these gradients.
    pub fn step(&mut self, parameters: &[&Tensor], gradients: &[Tensor], learning_rate: f64) {
        self.steps += 1;
        let correction1 = 1.0 - BETA1.powi(self.steps);
        let correction2 = 1.0 - BETA2.powi(self.steps);
        tch::no_grad(|| {
            for ((parameter, gradient), (first, second)) in parameters.iter().zip(gradients).zip(&mut self.moments) {
                let _ = first.lerp_(gradient, 1.0 - BETA1);
                let _ = second.g_mul_scalar_(BETA2).addcmul_(&(gradient * (1.0 - BETA2)), gradient);
                let denominator = second.sqrt() / correction2.sqrt() + EPSILON;
                let update = first.divide(&denominator) * (-learning_rate / correction1);
                let _ = parameter.shallow_clone().g_add_(&update);
            }
        });
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
