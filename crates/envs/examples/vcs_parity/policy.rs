//! A policy that `vpg` trained on Pong's frame differences: a hidden layer with ReLU, and up and down.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use envs::NumpyRng;
use preprocess::{DifferenceConfig, FrameFormat, Masker, difference};
use safetensors::SafeTensors;

/// The actions of Pong's minimal set that the policy's outputs stand for: `vpg --env Pong` chooses between these.
const ACTIONS: [usize; 2] = [2, 3];
const CELLS: usize = 80 * 80;

/// The weights, and the frame before.
pub struct Policy {
    /// `(CELLS, hidden)`.
    first: Vec<f32>,
    first_bias: Vec<f32>,
    /// `(2, hidden)`.
    last: Vec<f32>,
    last_bias: Vec<f32>,
    masker: Masker,
    masks: [Vec<u8>; 2],
    observation: Vec<i8>,
    is_fresh: bool,
}

impl Policy {
    /// That of a checkpoint.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let tensors = SafeTensors::deserialize(&bytes)?;
        let tensor = |name: &str| -> Result<Vec<f32>> {
            let tensor = tensors.tensor(name)?;
            Ok(tensor.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect())
        };
        let (weight, first_bias) = (tensor("pi.0.weight")?, tensor("pi.0.bias")?);
        let (last, last_bias) = (tensor("pi.2.weight")?, tensor("pi.2.bias")?);
        let hidden = first_bias.len();
        let fits = weight.len() == CELLS * hidden && last.len() == 2 * hidden && last_bias.len() == 2;
        ensure!(fits, "{} is no policy of `vpg --env Pong`", path.display());
        let mut first = vec![0.0; weight.len()];
        for (i, value) in weight.into_iter().enumerate() {
            first[i % CELLS * hidden + i / CELLS] = value;
        }
        let masker = Masker::new(FrameFormat::Palette, &DifferenceConfig::default())?;
        let mask = vec![0; masker.mask_len()];
        let masks = [mask.clone(), mask];
        Ok(Self { first, first_bias, last, last_bias, masker, masks, observation: vec![0; CELLS], is_fresh: true })
    }

    /// A new episode begins.
    pub fn start(&mut self) {
        self.is_fresh = true;
    }

    /// Draws the action for this screen.
    pub fn act(&mut self, rng: &mut NumpyRng, screen: &[u8]) -> Result<usize> {
        self.masks.swap(0, 1);
        self.masker.mask(screen, &mut self.masks[0])?;
        if self.is_fresh {
            self.masks[1] = self.masks[0].clone();
            self.is_fresh = false;
        }
        difference(&self.masks[0], &self.masks[1], &mut self.observation)?;
        let mut hidden = self.first_bias.clone();
        for (cell, weights) in self.observation.iter().zip(self.first.chunks_exact(hidden.len())) {
            if *cell != 0 {
                hidden.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += f32::from(*cell) * weight);
            }
        }
        let logits: Vec<f32> = (self.last.chunks_exact(hidden.len()).zip(&self.last_bias))
            .map(|(weights, bias)| {
                bias + hidden.iter().zip(weights).map(|(x, weight)| x.max(0.0) * weight).sum::<f32>()
            })
            .collect();
        let up = 1.0 / (1.0 + f64::from(logits[1] - logits[0]).exp());
        Ok(ACTIONS[usize::from(rng.random() >= up)])
    }
}
