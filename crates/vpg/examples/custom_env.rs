//! Trains a policy in an environment of one's own, a walk on a line: `cargo run -p vpg --example custom_env`.
use std::io::{Write, stdout};

use envs::{Action, BoxEnv, DType, Env, Error, Info, Seed, Space, Step, TimeLimit, VecEnv};
use vpg::{Config, Trainer};

/// The walker starts at 4; the task ends at 0, and with a reward of 1 at 8.
pub(crate) struct Walk {
    pub(crate) at: i64,
    pub(crate) spaces: [Space; 2],
}

impl Env for Walk {
    type Obs = f32;
    fn observation_space(&self) -> &Space {
        &self.spaces[0]
    }
    fn action_space(&self) -> &Space {
        &self.spaces[1]
    }
    fn reset(&mut self, _seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, Error> {
        (self.at, observation[0]) = (4, 4.0);
        Ok(Info::default())
    }
    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
        self.at += if action == Action::Discrete(1) { 1 } else { -1 };
        observation[0] = self.at as f32;
        Ok(Step { reward: f64::from(self.at == 8), terminated: self.at % 8 == 0, ..Step::default() })
    }
    fn render(&self) -> Result<image::RgbImage, Error> {
        Ok(image::RgbImage::from_fn(9, 1, |x, _| image::Rgb([255 * u8::from(i64::from(x) == self.at); 3])))
    }
    fn render_fps(&self) -> u32 {
        10
    }
    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state.push(self.at as u8);
        Ok(())
    }
    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let (at, rest) = state.split_first().ok_or(Error::BadState { reason: "it is empty".into() })?;
        (self.at, *state) = (i64::from(*at), rest);
        Ok(())
    }
}

/// Trains until 95 of the last 100 walks end at 8.
pub fn main() -> anyhow::Result<()> {
    let mut config = Config::default();
    (config.environment.num_envs, config.budget.steps_per_epoch, config.optimizer.pi_lr) = (8, 512, 1e-2);
    let spaces = [Space::boxed(&[1], DType::F32, 0.0, 8.0), Space::discrete(2)];
    let walk = |_| Box::new(TimeLimit::new(Walk { at: 4, spaces: spaces.clone() }, Some(100))) as BoxEnv<f32>;
    let mut trainer = Trainer::new(&config, VecEnv::new((0..8).map(walk).collect(), 1)?)?;
    while !trainer.is_over() && trainer.summary().mean_return_100.is_none_or(|mean| mean < 0.95) {
        let _ = writeln!(stdout(), "{:6.3}", trainer.epoch()?.loss_pi); // the output may be closed
    }
    anyhow::ensure!(trainer.summary().mean_return_100 >= Some(0.95), "it did not learn to walk");
    Ok(())
}
