//! Where episodes begin and end, and what is rewarded.

use envs::{Action, Env, Error, Info, NumpyRng, Seed, Space, Step, state};
use image::RgbImage;

use super::{invalid, pass_on};

/// Terminates the episode when a life is lost; a reset starts the whole game, as in Gymnasium's `AtariPreprocessing` and
/// ale-py's `AtariVectorEnv`, or goes on with the next life, as in EnvPool and Stable-Baselines3
/// ([`continuing`](Self::continuing)).
#[derive(Clone, Debug)]
pub struct LifeLossEnd<E> {
    env: E,
    lives: u32,
    continuing: bool,
    /// The last step cost a life, and the game goes on.
    between_lives: bool,
}

impl<E: Env> LifeLossEnd<E> {
    /// Ends episodes of `env` with the first life, where its [`Info`] tells lives.
    pub fn new(env: E) -> Self {
        Self { env, lives: 0, continuing: false, between_lives: false }
    }

    /// Lets a game go on after the loss of a life: a reset without a seed takes action 0 once. Only where no life is
    /// left, or with a seed, it starts the game anew.
    pub fn continuing(self) -> Self {
        Self { continuing: true, ..self }
    }

    /// The step as the episode's last one where it cost a life.
    fn ending(&mut self, step: Step) -> Step {
        let lives = step.info.lives.unwrap_or(0);
        let lost = lives < self.lives;
        (self.lives, self.between_lives) = (lives, lost && !step.done());
        Step { terminated: step.terminated | lost, ..step }
    }

    /// What a reset gives that goes on with the next life; `None` where the game ends meanwhile.
    fn next_life(&mut self, observation: &mut [E::Obs]) -> Result<Option<Info>, Error> {
        let step = self.env.step(Action::Discrete(0), observation)?;
        Ok((!step.done()).then_some(step.info))
    }
}

impl<E: Env> Env for LifeLossEnd<E> {
    type Obs = E::Obs;

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [E::Obs]) -> Result<Info, Error> {
        let goes_on = self.continuing && seed.is_none() && std::mem::take(&mut self.between_lives);
        let next_life = if goes_on { self.next_life(observation)? } else { None };
        let info = next_life.map_or_else(|| self.env.reset(seed, observation), Ok)?;
        (self.lives, self.between_lives) = (info.lives.unwrap_or(0), false);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        let step = self.env.step(action, observation)?;
        Ok(self.ending(step))
    }

    fn step_unseen(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        let step = self.env.step_unseen(action, observation)?;
        Ok(self.ending(step))
    }

    fn step_kept(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        let step = self.env.step_kept(action, observation)?;
        Ok(self.ending(step))
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let len = state.len();
        state::put(&(self.lives, self.between_lives), state)?;
        self.env.save(state).inspect_err(|_| state.truncate(len))
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let (lives, between_lives) = state::take(&mut rest)?;
        self.env.restore(&mut rest)?;
        (self.lives, self.between_lives, *state) = (lives, between_lives, rest);
        Ok(())
    }

    pass_on!(observation_space, action_space, kept, render, render_fps, rng_mut);
}

/// Takes actions 1 and 2 after a reset, for games that wait for the fire button, which is action 1 in all that have it;
/// a game that ends meanwhile is reset again. It is what Stable-Baselines3's `FireResetEnv` does.
#[derive(Clone, Debug)]
pub struct FireReset<E> {
    env: E,
}

impl<E: Env> FireReset<E> {
    /// Fires after each reset of `env`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `env` has not three actions.
    pub fn new(env: E) -> Result<Self, Error> {
        match env.action_space() {
            Space::Discrete(actions) if actions.start == 0 && actions.n >= 3 => Ok(Self { env }),
            other => invalid("fire_reset", "true", format!("an environment with actions 0 to 2, not {other:?}")),
        }
    }
}

impl<E: Env> Env for FireReset<E> {
    type Obs = E::Obs;

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [E::Obs]) -> Result<Info, Error> {
        let mut info = self.env.reset(seed, observation)?;
        for action in [1, 2] {
            let step = self.env.step(Action::Discrete(action), observation)?;
            info = if step.done() { self.env.reset(None, observation)? } else { step.info };
        }
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        self.env.step(action, observation)
    }

    pass_on!(observation_space, action_space, render, render_fps, rng_mut, save, restore);
}

/// Clips rewards, as Gymnasium's `ClipReward` does.
#[derive(Clone, Debug)]
pub struct ClipReward<E> {
    env: E,
    low: f64,
    high: f64,
}

impl<E: Env> ClipReward<E> {
    /// Clips the rewards of `env` to `low` to `high`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] unless `low <= high`.
    pub fn new(env: E, low: f64, high: f64) -> Result<Self, Error> {
        match low <= high {
            true => Ok(Self { env, low, high }),
            false => invalid("low", low, format!("at most high, which is {high}")),
        }
    }
}

impl<E: Env> Env for ClipReward<E> {
    type Obs = E::Obs;

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [E::Obs]) -> Result<Info, Error> {
        self.env.reset(seed, observation)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        let step = self.env.step(action, observation)?;
        Ok(Step { reward: step.reward.clamp(self.low, self.high), ..step })
    }

    pass_on!(observation_space, action_space, render, render_fps, rng_mut, save, restore);
}
