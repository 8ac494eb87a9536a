//! Environments that step in the background: the first that finish come back.

use std::sync::{Mutex, PoisonError, atomic::Ordering};

use envs::{AsyncVecEnv, Autoreset, DType, EnvSpec, Order, Seed, Seeds};
use numpy::{PyArray1, PyArrayDyn};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

use crate::{
    convert::{self, ActionBuffer, Scalar},
    error::{closed, exception, invalid_value},
    info,
    options::{self, Limit},
    vector::{FORKS, autoreset, check_fork},
};

/// A vector whose kind of observations is not known.
trait Vector: Send {
    fn spaces<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)>;
    fn send_reset(&mut self, py: Python<'_>, ids: &[usize], seeds: Option<Vec<Seed>>) -> PyResult<()>;
    fn send(&mut self, actions: &Bound<'_, PyAny>, ids: &[usize]) -> PyResult<()>;
    fn recv<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>>;
}

struct Typed<T: Scalar> {
    envs: AsyncVecEnv<T>,
    autoreset: Autoreset,
    actions: ActionBuffer,
}

impl<T: Scalar> Vector for Typed<T> {
    fn spaces<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        let observation_space = convert::describe(py, self.envs.observation_space())?;
        Ok((observation_space, convert::describe(py, self.envs.action_space())?))
    }

    fn send_reset(&mut self, py: Python<'_>, ids: &[usize], seeds: Option<Vec<Seed>>) -> PyResult<()> {
        let seeds = seeds.as_ref().map_or(Seeds::Continue, |seeds| Seeds::Each(seeds));
        self.envs.send_reset(ids, seeds).map_err(|error| exception(py, &error))
    }

    fn send(&mut self, actions: &Bound<'_, PyAny>, ids: &[usize]) -> PyResult<()> {
        self.actions.read_all(actions, self.envs.action_space(), ids.len())?;
        let actions_of = self.actions.of(self.envs.action_space(), ids.len())?;
        self.envs.send(actions_of, ids).map_err(|error| exception(actions.py(), &error))
    }

    fn recv<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let envs = &mut self.envs;
        py.detach(|| envs.recv()).map_err(|error| exception(py, &error))?;
        let envs = &self.envs;
        let infos = info::batched(py, envs.infos(), |_| true)?;
        if self.autoreset == Autoreset::SameStep {
            info::insert_finals(
                &infos,
                envs.terminated(),
                envs.truncated(),
                envs.final_observations(),
                envs.final_infos(),
            )?;
        }
        let ids: Vec<i32> = envs.ids().iter().map(|&id| id as i32).collect();
        infos.set_item("env_id", PyArray1::from_vec(py, ids))?;
        let observations = PyArrayDyn::from_array(py, &envs.observations());
        let rewards = PyArray1::from_slice(py, envs.rewards());
        let [terminated, truncated] =
            [envs.terminated(), envs.truncated()].map(|flags| PyArray1::from_slice(py, flags));
        (observations, rewards, terminated, truncated, infos).into_pyobject(py)
    }
}

/// Environments that step in the background: what `rustgym.VectorEnv` is made of where it has a batch size.
#[pyclass(module = "rustgym._native", name = "AsyncVecEnv")]
pub struct NativeAsyncVecEnv {
    /// `None` after `close`. Nobody ever waits for it: the methods have it to themselves.
    envs: Mutex<Option<Box<dyn Vector>>>,
    born: usize,
}

impl NativeAsyncVecEnv {
    fn envs(&mut self, py: Python<'_>) -> PyResult<&mut dyn Vector> {
        check_fork(self.born, 0)?;
        match self.envs.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Some(envs) => Ok(envs.as_mut()),
            None => Err(closed(py)),
        }
    }
}

fn boxed<T: Scalar>(
    py: Python<'_>,
    spec: &EnvSpec,
    [num_envs, batch_size, threads]: [usize; 3],
    autoreset: Autoreset,
) -> PyResult<Box<dyn Vector>> {
    let envs = (0..num_envs).map(|_| spec.make()?.typed::<T>()).collect::<Result<_, _>>();
    let envs = envs.and_then(|envs| AsyncVecEnv::new(envs, batch_size, threads));
    let envs = envs.map_err(|error| exception(py, &error))?;
    let envs = envs.with_order(Order::FirstFinished).with_autoreset(autoreset);
    Ok(Box::new(Typed { envs, autoreset, actions: ActionBuffer::default() }))
}

#[pymethods]
impl NativeAsyncVecEnv {
    #[new]
    #[pyo3(signature = (env_id, num_envs, batch_size, threads, autoreset_mode, max_episode_steps, options))]
    #[allow(clippy::too_many_arguments, reason = "Python's keyword arguments")]
    fn new(
        py: Python<'_>,
        env_id: &str,
        num_envs: usize,
        batch_size: usize,
        threads: usize,
        autoreset_mode: &str,
        max_episode_steps: Option<i64>,
        options: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let spec = options::spec(py, env_id, Limit::new(max_episode_steps)?, options)?;
        let make = match options::make(py, &spec)?.dtype() {
            DType::U8 => boxed::<u8>,
            DType::I8 => boxed::<i8>,
            DType::F32 => boxed::<f32>,
            DType::F64 => boxed::<f64>,
            other => return Err(invalid_value("observations", other, "of another type")),
        };
        let envs = make(py, &spec, [num_envs, batch_size, threads], autoreset(autoreset_mode)?)?;
        Ok(Self { envs: Mutex::new(Some(envs)), born: FORKS.load(Ordering::Relaxed) })
    }

    /// The observation space and the action space of one environment, described.
    fn spaces<'py>(&mut self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        self.envs(py)?.spaces(py)
    }

    /// Sends the environments `ids` to begin an episode; `seeds` has one for every environment there is.
    fn send_reset(&mut self, py: Python<'_>, ids: Vec<usize>, seeds: Option<Vec<Bound<'_, PyAny>>>) -> PyResult<()> {
        let seeds = seeds.map(|seeds| seeds.iter().map(convert::seed).collect::<PyResult<Vec<_>>>()).transpose()?;
        self.envs(py)?.send_reset(py, &ids, seeds)
    }

    /// Gives environment `ids[k]` the k-th action.
    fn send(&mut self, actions: &Bound<'_, PyAny>, ids: Vec<usize>) -> PyResult<()> {
        self.envs(actions.py())?.send(actions, &ids)
    }

    /// Waits for the next batch: (observations, rewards, terminated, truncated, infos).
    fn recv<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.envs(py)?.recv(py)
    }

    /// Ends the threads and frees everything; any other call is an error from then on.
    fn close(&mut self, py: Python<'_>) {
        let envs = self.envs.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(envs));
    }
}
