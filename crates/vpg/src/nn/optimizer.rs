//! The optimizers, their whole state in plain memory, so that a run can be resumed exactly.

use anyhow::{Result, ensure};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    simd::Level,
    tensors::{ParameterMut, set, to_vec},
};

/// Numbers that one task works on.
const CHUNK: usize = 1 << 14;

/// What an optimizer is like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The rule of a step.
    pub kind: OptimizerKind,
    /// How much of the gradients' running mean stays (Adam).
    pub beta1: f64,
    /// How much of their squares' running mean stays (Adam, and as `alpha` RMSprop).
    pub beta2: f64,
    /// Added to the root of that mean (Adam, RMSprop).
    pub epsilon: f64,
}

impl OptimizerConfig {
    /// Adam with the defaults of `torch.optim.Adam`.
    pub const ADAM: Self = Self { kind: OptimizerKind::Adam, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
}

/// The rules of a step, as `torch.optim` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Running means of gradient and square, with bias correction.
    Adam,
    /// The gradient over the root of its square's running mean.
    Rmsprop,
    /// The gradient as it is.
    Sgd,
}

/// Adam with bias correction: D. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization* (2015), in the
/// arrangement of `torch.optim.Adam`, or one of the simpler rules. It is plain data, and its own saved state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    config: OptimizerConfig,
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

impl Optimizer {
    /// No step taken yet, for these parameters.
    pub fn new(config: OptimizerConfig, parameters: &[ParameterMut<'_>]) -> Self {
        let zeros = |parameter: &ParameterMut<'_>| vec![0.0; parameter.len()];
        let moments = parameters.iter().map(|p| Moments { first: zeros(p), second: zeros(p) }).collect();
        Self { config, steps: 0, moments }
    }

    /// Refuses an optimizer of parameters of other sizes.
    ///
    /// # Errors
    /// Where the sizes differ.
    pub fn check_fits(&self, other: &Self) -> Result<()> {
        let sizes =
            |optimizer: &Self| optimizer.moments.iter().map(|m| (m.first.len(), m.second.len())).collect::<Vec<_>>();
        ensure!(sizes(self) == sizes(other), "the optimizer is that of another network");
        Ok(())
    }

    /// One step down these gradients.
    pub fn step(&mut self, parameters: Vec<ParameterMut<'_>>, gradients: &[Vec<f32>], learning_rate: f64) {
        self.steps += 1;
        let rule = Rule::new(self.config, self.steps, learning_rate);
        for ((parameter, gradient), moments) in parameters.into_iter().zip(gradients).zip(&mut self.moments) {
            match parameter {
                ParameterMut::Plain(values) => rule.step(values, gradient, moments),
                ParameterMut::Tensor(tensor) => {
                    let mut values = to_vec(tensor);
                    rule.step(&mut values, gradient, moments);
                    set(tensor, &values);
                }
            }
        }
    }
}

/// One step's rule with its numbers worked out.
enum Rule {
    Adam { take1: f32, keep2: f32, take2: f32, scale: f32, rate: f32, epsilon: f32 },
    Rmsprop { keep2: f32, take2: f32, rate: f32, epsilon: f32 },
    Sgd { rate: f32 },
}

impl Rule {
    fn new(OptimizerConfig { kind, beta1, beta2, epsilon }: OptimizerConfig, steps: i32, learning_rate: f64) -> Self {
        let (keep2, take2, epsilon) = (beta2 as f32, (1.0 - beta2) as f32, epsilon as f32);
        match kind {
            OptimizerKind::Adam => Self::Adam {
                take1: (1.0 - beta1) as f32,
                keep2,
                take2,
                scale: (1.0 - beta2.powi(steps)).sqrt() as f32,
                rate: (learning_rate / (1.0 - beta1.powi(steps))) as f32,
                epsilon,
            },
            OptimizerKind::Rmsprop => Self::Rmsprop { keep2, take2, rate: learning_rate as f32, epsilon },
            OptimizerKind::Sgd => Self::Sgd { rate: learning_rate as f32 },
        }
    }

    fn step(&self, values: &mut [f32], gradient: &[f32], Moments { first, second }: &mut Moments) {
        let level = Level::detected();
        if values.len() <= CHUNK {
            return level.run(
                #[inline(always)]
                || self.apply(values, gradient, first, second),
            );
        }
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(moments);
        chunks.for_each(|((values, gradient), (first, second))| {
            level.run(
                #[inline(always)]
                || self.apply(values, gradient, first, second),
            );
        });
    }

    #[inline(always)]
    fn apply(&self, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        match *self {
            Self::Adam { take1, keep2, take2, scale, rate, epsilon } => {
                for (((x, &g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
                    *m += (g - *m) * take1;
                    *v = *v * keep2 + g * g * take2;
                    *x -= rate * *m / (v.sqrt() / scale + epsilon);
                }
            }
            Self::Rmsprop { keep2, take2, rate, epsilon } => {
                for ((x, &g), v) in values.iter_mut().zip(gradient).zip(second) {
                    *v = *v * keep2 + g * g * take2;
                    *x -= rate * g / (v.sqrt() + epsilon);
                }
            }
            Self::Sgd { rate } => {
                for (x, &g) in values.iter_mut().zip(gradient) {
                    *x -= rate * g;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::{
        Device, Kind, Tensor,
        nn::{self, OptimizerConfig as TorchOptimizer},
    };

    use super::*;

    /// A hundred steps of ours and of libtorch's on the same loss.
    fn compare(config: OptimizerConfig, theirs: impl TorchOptimizer) {
        let store = nn::VarStore::new(Device::Cpu);
        let their_x = store.root().var("x", &[50], nn::Init::Const(1.0));
        let our_x = their_x.copy().detach().set_requires_grad(true);
        let mut their_optimizer = theirs.build(&store, 1e-2).unwrap();
        let mut our_optimizer = Optimizer::new(config, &[ParameterMut::Tensor(&our_x)]);

        tch::manual_seed(0);
        let slopes = Tensor::randn([50], (Kind::Float, Device::Cpu));
        let loss = |x: &Tensor| (x * &slopes).sin().sum(Kind::Float);
        for _ in 0..100 {
            their_optimizer.backward_step(&loss(&their_x));
            let gradients = Tensor::run_backward(&[&loss(&our_x)], &[&our_x], false, false);
            let gradients: Vec<_> = gradients.iter().map(to_vec).collect();
            our_optimizer.step(vec![ParameterMut::Tensor(&our_x)], &gradients, 1e-2);
        }
        let difference = (&their_x - &our_x).abs().max().double_value(&[]);
        assert!(difference < 2e-6, "{difference}");
        assert!((&our_x - 1.0).abs().max().double_value(&[]) > 0.1, "the steps did move");
    }

    #[test]
    fn a_hundred_steps_equal_those_of_libtorch() {
        compare(OptimizerConfig::ADAM, nn::Adam::default());
        let adam = OptimizerConfig { kind: OptimizerKind::Adam, beta1: 0.5, beta2: 0.9, epsilon: 1e-2 };
        compare(adam, nn::Adam { beta1: 0.5, beta2: 0.9, eps: 1e-2, ..nn::Adam::default() });
        let rmsprop = OptimizerConfig { kind: OptimizerKind::Rmsprop, beta2: 0.99, ..OptimizerConfig::ADAM };
        compare(rmsprop, nn::RmsProp::default());
        compare(OptimizerConfig { kind: OptimizerKind::Sgd, ..OptimizerConfig::ADAM }, nn::Sgd::default());
    }
}
