//! One environment.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use envs::{AnyEnv, BoxEnv, Error, Info, NumpyRng, Step, atari::Game};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::{
    exceptions::{PyAttributeError, PyRuntimeError},
    prelude::*,
    types::{PyBytes, PyDict, PyTuple},
};

use crate::{
    convert::{self, ActionBuffer, Scalar},
    error::{closed, exception, panicked},
    info,
    options::{self, Limit},
};

/// A generator as `numpy.random.PCG64().state` has it: state, increment, and what is left of the last draw.
type Parts = (u128, u128, Option<u32>);

/// An environment whose kind of observations is not known.
trait Single: Send {
    fn spaces<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)>;
    fn reset<'py>(&mut self, py: Python<'py>, seed: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>>;
    fn step<'py>(&mut self, action: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>>;
    fn render(&self) -> Result<image::RgbImage, Error>;
    fn render_fps(&self) -> u32;
    fn rng_mut(&mut self) -> Option<&mut NumpyRng>;
    fn game_mut(&mut self) -> Option<&mut Game>;
    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error>;
    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error>;
}

struct Typed<T> {
    env: BoxEnv<T>,
    actions: ActionBuffer,
    observation: Vec<T>,
    shape: Vec<usize>,
}

/// The bytes of an Atari console's memory.
const RAM_BYTES: usize = 128;

/// From this size on, other Python threads may run during a step.
const LARGE: usize = 100;

impl<T: Scalar> Typed<T> {
    fn new(env: BoxEnv<T>) -> Self {
        let (size, shape) = (env.observation_space().size(), env.observation_space().shape().to_vec());
        Self { env, actions: ActionBuffer::default(), observation: vec![T::default(); size], shape }
    }

    fn observation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = PyArray1::from_slice(py, &self.observation);
        match self.shape.len() {
            1 => Ok(array.into_any()),
            _ => Ok(array.reshape(self.shape.clone())?.into_any()),
        }
    }
}

/// Calls into an environment: a panic ends here.
fn guarded<R>(call: impl FnOnce() -> Result<R, Error>) -> PyResult<Result<R, Error>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| panicked(payload.as_ref()))
}

impl<T: Scalar> Single for Typed<T> {
    fn spaces<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        let observation_space = convert::describe(py, self.env.observation_space())?;
        Ok((observation_space, convert::describe(py, self.env.action_space())?))
    }

    fn reset<'py>(&mut self, py: Python<'py>, seed: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
        let seed = seed.map(|seed| convert::seed(&seed)).transpose()?;
        let (env, observation) = (&mut self.env, &mut self.observation);
        let reset = py.detach(|| guarded(|| env.reset(seed.as_ref(), observation)))?;
        let info: Info = reset.map_err(|error| exception(py, &error))?;
        (self.observation(py)?, info::single(py, &info)?).into_pyobject(py)
    }

    fn step<'py>(&mut self, action: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let py = action.py();
        let action = self.actions.read_one(action, self.env.action_space())?;
        let (env, observation) = (&mut self.env, &mut self.observation);
        let step = match observation.len() < LARGE {
            true => guarded(|| env.step(action, observation))?,
            false => py.detach(|| guarded(|| env.step(action, observation)))?,
        };
        let Step { reward, terminated, truncated, info, .. } = step.map_err(|error| exception(py, &error))?;
        let (observation, info) = (self.observation(py)?, (info, info::single(py, &info)?));
        match info {
            // The original's reward is a whole number there.
            (Info { reward_survive: Some(_), .. }, info) => {
                (observation, reward as i64, terminated, truncated, info).into_pyobject(py)
            }
            (_, info) => (observation, reward, terminated, truncated, info).into_pyobject(py),
        }
    }

    fn render(&self) -> Result<image::RgbImage, Error> {
        self.env.render()
    }

    fn render_fps(&self) -> u32 {
        self.env.render_fps()
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        self.env.rng_mut()
    }

    fn game_mut(&mut self) -> Option<&mut Game> {
        self.env.simulator_mut()?.downcast_mut()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        self.env.save(state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        self.env.restore(state)
    }
}

/// One environment: what `rustgym.Env` is made of.
#[pyclass(module = "rustgym._native", name = "Env")]
pub struct NativeEnv {
    /// `None` after `close`. Nobody ever waits for it: the methods have it to themselves.
    env: Mutex<Option<Box<dyn Single>>>,
}

impl NativeEnv {
    fn env(&mut self, py: Python<'_>) -> PyResult<&mut dyn Single> {
        let env = self.env.get_mut().unwrap_or_else(PoisonError::into_inner);
        match env {
            Some(env) => Ok(env.as_mut()),
            None => Err(closed(py)),
        }
    }

    fn game(&mut self, py: Python<'_>) -> PyResult<&mut Game> {
        let game = self.env(py)?.game_mut();
        game.ok_or_else(|| PyAttributeError::new_err("this environment shows no Atari console: expected a game's id"))
    }
}

#[pymethods]
impl NativeEnv {
    #[new]
    #[pyo3(signature = (env_id, max_episode_steps, options))]
    fn new(
        py: Python<'_>,
        env_id: &str,
        max_episode_steps: Option<i64>,
        options: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let spec = options::spec(py, env_id, Limit::new(max_episode_steps)?, options)?;
        let env: Box<dyn Single> = match options::make(py, &spec)? {
            AnyEnv::U8(env) => Box::new(Typed::new(env)),
            AnyEnv::I8(env) => Box::new(Typed::new(env)),
            AnyEnv::F32(env) => Box::new(Typed::new(env)),
            AnyEnv::F64(env) => Box::new(Typed::new(env)),
        };
        Ok(Self { env: Mutex::new(Some(env)) })
    }

    /// The observation space and the action space, described.
    fn spaces<'py>(&mut self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        self.env(py)?.spaces(py)
    }

    /// Starts an episode: (observation, info).
    #[pyo3(signature = (seed=None))]
    fn reset<'py>(&mut self, py: Python<'py>, seed: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
        self.env(py)?.reset(py, seed)
    }

    /// Takes one step: (observation, reward, terminated, truncated, info).
    fn step<'py>(&mut self, action: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        self.env(action.py())?.step(action)
    }

    /// The present state as a picture: (height, width, 3) of uint8.
    fn render<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let picture = self.env(py)?.render().map_err(|error| exception(py, &error))?;
        picture_array(py, picture)
    }

    /// How many pictures a second show it at its own pace.
    fn render_fps(&mut self, py: Python<'_>) -> PyResult<u32> {
        Ok(self.env(py)?.render_fps())
    }

    /// The generator's state, increment and half-used draw; None before the first reset.
    fn rng(&mut self, py: Python<'_>) -> PyResult<Option<Parts>> {
        Ok(self.env(py)?.rng_mut().map(|rng| rng.parts()))
    }

    /// Goes on with another generator.
    fn set_rng(&mut self, py: Python<'_>, state: u128, increment: u128, upper_half: Option<u32>) -> PyResult<()> {
        let rng = self.env(py)?.rng_mut();
        let rng = rng.ok_or_else(|| PyRuntimeError::new_err("this environment has no generator of NumPy's kind"))?;
        *rng = NumpyRng::from_parts(state, increment, upper_half);
        Ok(())
    }

    /// The whole state.
    fn save<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut state = vec![];
        self.env(py)?.save(&mut state).map_err(|error| exception(py, &error))?;
        Ok(PyBytes::new(py, &state))
    }

    /// Goes on from what `save` gave.
    fn restore(&mut self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
        let mut rest = state;
        self.env(py)?.restore(&mut rest).map_err(|error| exception(py, &error))
    }

    /// Of an Atari game: lives, frames since the ROM was loaded, those of the episode, whether it is over, or cut off.
    fn game_numbers(&mut self, py: Python<'_>) -> PyResult<(u32, u32, u32, bool, bool)> {
        let game = self.game(py)?;
        Ok((game.lives(), game.frame_number(), game.episode_frame_number(), game.game_over(), game.truncated()))
    }

    /// Of an Atari game: ALE's codes of the actions that do something.
    fn minimal_actions(&mut self, py: Python<'_>) -> PyResult<Vec<u8>> {
        Ok(self.game(py)?.minimal_actions().iter().map(|action| action.code()).collect())
    }

    /// Of an Atari game: the console's memory.
    fn ram<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let mut ram = vec![0; RAM_BYTES];
        self.game(py)?.ram(&mut ram);
        Ok(PyArray1::from_vec(py, ram))
    }

    /// Of an Atari game: the screen in `channels` channels: 3 of colours, 1 of brightness, 0 of palette indices.
    fn screen<'py>(&mut self, py: Python<'py>, channels: usize) -> PyResult<Bound<'py, PyAny>> {
        let game = self.game(py)?;
        let (height, width) = game.screen_size();
        let mut pixels = vec![0; height * width * channels.max(1)];
        match channels {
            3 => game.rgb(&mut pixels),
            1 => game.grayscale(&mut pixels),
            _ => game.screen(&mut pixels),
        }
        let pixels = PyArray1::from_vec(py, pixels);
        match channels {
            3 => Ok(pixels.reshape([height, width, 3])?.into_any()),
            _ => Ok(pixels.reshape([height, width])?.into_any()),
        }
    }

    /// Of an Atari game: the console's state.
    fn save_console<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut state = vec![];
        self.game(py)?.save(&mut state).map_err(|error| exception(py, &error))?;
        Ok(PyBytes::new(py, &state))
    }

    /// The console goes on from what `save_console` gave, and so do sticky actions, if their generator is asked for.
    fn restore_console(&mut self, py: Python<'_>, state: &[u8], generator: bool) -> PyResult<()> {
        let (game, mut rest) = (self.game(py)?, state);
        let restored = if generator { game.restore(&mut rest) } else { game.restore_console(&mut rest) };
        restored.map_err(|error| exception(py, &error))
    }

    /// Frees everything; any other call is an error from then on.
    fn close(&mut self) {
        *self.env.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A picture as an array.
pub fn picture_array(py: Python<'_>, picture: image::RgbImage) -> PyResult<Bound<'_, PyArray3<u8>>> {
    let (width, height) = picture.dimensions();
    let array = PyArray1::from_vec(py, picture.into_raw()).reshape([height as usize, width as usize, 3])?;
    Ok(array)
}
