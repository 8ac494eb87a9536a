//! A policy at play in one environment, step by step and with pictures.

use anyhow::Result;
use envs::{Autoreset, Element, EpisodeStats};
use image::RgbImage;

use crate::{
    collect::environment::{self, with_vec_env},
    config::Config,
    nn::policy::ActorCritic,
    play::evaluate::{Game, Play},
};

/// One environment and the policy that plays in it, episode after episode.
pub struct Player {
    stage: Box<dyn Stage>,
    /// Pictures a second at the environment's own pace.
    pub fps: f64,
    /// The present episode, from 1 on.
    pub episode: u64,
    /// Its steps so far.
    pub step: u64,
    /// Its rewards so far.
    pub episode_return: f64,
    over: bool,
}

impl Player {
    /// Begins the first episode.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn new(config: &Config, policy: &ActorCritic, play: Play) -> Result<Self> {
        let any = environment::make(config, 1, None)?;
        // An episode's end can be seen before the next one begins.
        let stage: Box<dyn Stage> = with_vec_env!(any, env => {
            Box::new(Game::start(config, policy, play, env.with_autoreset(Autoreset::NextStep))?) as Box<dyn Stage>
        });
        let fps = stage.render_fps() / config.frames_per_step();
        Ok(Self { stage, fps, episode: 1, step: 0, episode_return: 0.0, over: false })
    }

    /// Takes a step; gives the episode that ended with it. The call after that begins the next one.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn advance(&mut self) -> Result<Option<EpisodeStats>> {
        let (reward, ended) = self.stage.advance()?;
        if self.over {
            self.over = false;
            (self.episode, self.step, self.episode_return) = (self.episode + 1, 0, 0.0);
            return Ok(None);
        }
        self.step += 1;
        self.episode_return += reward;
        self.over = ended.is_some();
        Ok(ended)
    }

    /// Plays on with another policy for the same environment.
    #[cfg(feature = "watch")]
    pub fn set_policy(&mut self, policy: &ActorCritic) {
        self.stage.set_policy(policy);
    }

    /// The environment as it is now.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn picture(&self) -> Result<RgbImage> {
        self.stage.picture()
    }
}

/// A [`Game`] in one environment, whatever its observations are made of.
trait Stage {
    fn advance(&mut self) -> Result<(f64, Option<EpisodeStats>)>;
    #[cfg(feature = "watch")]
    fn set_policy(&mut self, policy: &ActorCritic);
    fn picture(&self) -> Result<RgbImage>;
    fn render_fps(&self) -> f64;
}

impl<T: Element> Stage for Game<T> {
    fn advance(&mut self) -> Result<(f64, Option<EpisodeStats>)> {
        self.step()?;
        Ok((self.env.rewards()[0], self.env.episodes()[0]))
    }

    #[cfg(feature = "watch")]
    fn set_policy(&mut self, policy: &ActorCritic) {
        Game::set_policy(self, policy);
    }

    fn picture(&self) -> Result<RgbImage> {
        Ok(self.env.render(0)?)
    }

    fn render_fps(&self) -> f64 {
        f64::from(self.env.render_fps())
    }
}
