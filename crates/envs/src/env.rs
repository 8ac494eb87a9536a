//! What an environment is.

use std::{any::Any, fmt::Debug};

use image::RgbImage;

use crate::{Action, DType, Error, NumpyRng, Seed, Space};

/// An environment with the semantics of Gymnasium's `Env`.
///
/// The caller owns the observations: `reset` and `step` write into a row of the length of the observation space,
/// which is usually the environment's row of a batch. Each environment owns its random generator.
///
/// * The first call must be `reset`; `step` before it is [`Error::ResetNeeded`].
/// * After an end (`terminated` or `truncated`), `step` goes on as Gymnasium's environment does.
/// * A refused call (any `Err`) leaves the state unchanged.
///
/// ```
/// use envs::{Action, CartPole, Env, Seed};
/// let mut env = CartPole::new();
/// let mut observation = [0.0; 4];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// assert_eq!(observation, [0.027395604, -0.006112156, 0.035859793, 0.019736802]);
/// let step = env.step(Action::Discrete(1), &mut observation)?;
/// assert_eq!(step.reward, 1.0);
/// # Ok::<(), envs::Error>(())
/// ```
pub trait Env: Send {
    /// The type observations are made of.
    type Obs: Element;

    /// The shape, type and bounds of observations.
    fn observation_space(&self) -> &Space;

    /// The actions that `step` takes.
    fn action_space(&self) -> &Space;

    /// Starts an episode and writes its first observation.
    ///
    /// With a seed the generator starts anew from it; without one its stream goes on (from the system's entropy the
    /// first time), as in Gymnasium.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where `observation` is not as long as the observation space.
    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [Self::Obs]) -> Result<Info, Error>;

    /// Takes one step and writes the observation after it.
    ///
    /// # Errors
    /// [`Error::ResetNeeded`] before the first reset, [`Error::InvalidAction`], [`Error::WrongLength`].
    fn step(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error>;

    /// Takes a step whose observation nobody looks at, so that games need not draw it: what `observation` then holds means
    /// nothing, all else is as after [`step`](Self::step).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn step_unseen(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        self.step(action, observation)
    }

    /// Takes a step as [`step`](Self::step) does, but need not write an observation that [`kept`](Self::kept) has afterwards,
    /// also after one more such step.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn step_kept(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        self.step(action, observation)
    }

    /// The observations of the last two steps, if both were [`step_kept`](Self::step_kept) of a running episode, the newest
    /// first: each where the environment itself has it. `None` is one that was written.
    fn kept(&self) -> [Option<&[Self::Obs]>; 2] {
        [None, None]
    }

    /// The present state as a picture.
    ///
    /// # Errors
    /// [`Error::ResetNeeded`] before the first reset.
    fn render(&self) -> Result<RgbImage, Error>;

    /// How many pictures a second show the environment at its own pace.
    fn render_fps(&self) -> u32;

    /// The generator that the environment draws from; `None` before the first reset, and where it has none of this kind.
    ///
    /// ```
    /// use envs::{CartPole, Env, NumpyRng, Seed};
    /// let mut env = CartPole::new();
    /// env.reset(Some(&Seed::from(1)), &mut [0.0; 4])?;
    /// let mut rng = NumpyRng::new(&Seed::from(1));
    /// (0..4).for_each(|_| drop(rng.random()));
    /// assert_eq!(env.rng_mut(), Some(&mut rng));
    /// # Ok::<(), envs::Error>(())
    /// ```
    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        None
    }

    /// What the environment runs on, for those who know its type: an Atari game's `Game`. `None` where there is nothing of
    /// the kind, or a wrapper hides it.
    fn simulator_mut(&mut self) -> Option<&mut dyn Any> {
        None
    }

    /// Appends the whole state (generator included) to `state`, such that an environment made alike goes on from it
    /// exactly as this one would.
    ///
    /// # Errors
    /// [`Error::ResetNeeded`] before the first reset.
    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error>;

    /// Takes the state that `save` appended from the front of `state`, which then begins after it.
    ///
    /// # Errors
    /// [`Error::BadState`] where the bytes are not such a state.
    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error>;
}

/// A type that observations are made of: `u8`, `i8`, `f32` or `f64`.
pub trait Element: bytemuck::Pod + PartialEq + Debug + Default + Send + Sync + sealed::Sealed {
    /// Its name at run time.
    const DTYPE: DType;

    /// Its value as a float, exactly.
    fn to_f64(self) -> f64;

    /// An environment of this element type as one of any.
    #[doc(hidden)]
    fn any(env: BoxEnv<Self>) -> AnyEnv;

    /// The environment, if it is of this element type.
    #[doc(hidden)]
    fn typed(env: AnyEnv) -> Option<BoxEnv<Self>>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! element {
    ($($type:ty: $dtype:ident),*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
            fn to_f64(self) -> f64 {
                self.into()
            }
            fn any(env: BoxEnv<Self>) -> AnyEnv {
                AnyEnv::$dtype(env)
            }
            fn typed(env: AnyEnv) -> Option<BoxEnv<Self>> {
                match env {
                    AnyEnv::$dtype(env) => Some(env),
                    _ => None,
                }
            }
        }
    )*};
}
element!(u8: U8, i8: I8, f32: F32, f64: F64);

/// An environment of which only the type of its observations is known.
pub type BoxEnv<T> = Box<dyn Env<Obs = T>>;

/// An environment whose kind of observations is known at run time only.
pub enum AnyEnv {
    /// Of bytes: pictures and memory.
    U8(BoxEnv<u8>),
    /// Of signed bytes: differences of frames.
    I8(BoxEnv<i8>),
    /// Of single precision.
    F32(BoxEnv<f32>),
    /// Of double precision.
    F64(BoxEnv<f64>),
}

impl AnyEnv {
    /// The type of its observations.
    pub fn dtype(&self) -> DType {
        match self {
            Self::U8(_) => DType::U8,
            Self::I8(_) => DType::I8,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }

    /// The environment, if its observations are of type `T`.
    ///
    /// # Errors
    /// [`Error::WrongDType`] where the observations are of another type.
    pub fn typed<T: Element>(self) -> Result<BoxEnv<T>, Error> {
        let actual = self.dtype();
        T::typed(self).ok_or(Error::WrongDType { actual, expected: T::DTYPE })
    }

    /// The actions that `step` takes.
    pub fn action_space(&self) -> &Space {
        match self {
            Self::U8(env) => env.action_space(),
            Self::I8(env) => env.action_space(),
            Self::F32(env) => env.action_space(),
            Self::F64(env) => env.action_space(),
        }
    }
}

/// What a step gave, apart from the observation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The reward.
    pub reward: f64,
    /// The task itself ended: no return is to be expected after this state.
    pub terminated: bool,
    /// A time limit cut the episode off: the state's value goes on beyond it.
    pub truncated: bool,
    /// What else the environment tells.
    pub info: Info,
    /// The finished episode's statistics, where this step ended one and the environment keeps them
    /// (see [`TimeLimit`](crate::TimeLimit)).
    pub episode: Option<EpisodeStats>,
}

impl Step {
    /// Whether the episode ended, either way.
    pub fn done(&self) -> bool {
        self.terminated || self.truncated
    }
}

/// What environments tell beside observation and reward: `None` where an environment has no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Info {
    /// Lives left (Atari).
    pub lives: Option<u32>,
    /// Raw frames since the ROM was loaded (Atari).
    pub frame_number: Option<u32>,
    /// Raw frames since the episode began (Atari).
    pub episode_frame_number: Option<u32>,
    /// The reward for not having fallen (InvertedPendulum-v5).
    pub reward_survive: Option<f64>,
}

/// A finished episode.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EpisodeStats {
    /// The sum of its rewards, undiscounted.
    pub episode_return: f64,
    /// Its steps.
    pub length: u64,
    /// The seconds it took.
    pub seconds: f64,
}

impl<E: Env + ?Sized> Env for Box<E> {
    type Obs = E::Obs;

    fn observation_space(&self) -> &Space {
        (**self).observation_space()
    }

    fn action_space(&self) -> &Space {
        (**self).action_space()
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [Self::Obs]) -> Result<Info, Error> {
        (**self).reset(seed, observation)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        (**self).step(action, observation)
    }

    fn step_unseen(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        (**self).step_unseen(action, observation)
    }

    fn step_kept(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        (**self).step_kept(action, observation)
    }

    fn kept(&self) -> [Option<&[Self::Obs]>; 2] {
        (**self).kept()
    }

    fn render(&self) -> Result<RgbImage, Error> {
        (**self).render()
    }

    fn render_fps(&self) -> u32 {
        (**self).render_fps()
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        (**self).rng_mut()
    }

    fn simulator_mut(&mut self) -> Option<&mut dyn Any> {
        (**self).simulator_mut()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        (**self).save(state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        (**self).restore(state)
    }
}

/// Refuses a row whose length is not the space's: what every environment checks before it writes.
///
/// # Errors
/// [`Error::WrongLength`] where `row` is not as long as `space`.
pub fn check_row<T>(observation: &[T], space: &Space) -> Result<(), Error> {
    match space.size() {
        expected if observation.len() == expected => Ok(()),
        expected => Err(Error::WrongLength { what: "the observation row", actual: observation.len(), expected }),
    }
}
