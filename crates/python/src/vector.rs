//! Environments that step together.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use envs::{Autoreset, DType, Error, Seed, Seeds, Space, VecEnv};
use numpy::{PyArray1, PyArray3, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyBytes, PyDict, PyTuple},
};

use crate::{
    convert::{self, ActionBuffer, Scalar},
    env::picture_array,
    error::{closed, exception, invalid_type, invalid_value},
    info,
    options::{self, Limit},
};

/// How many forks lie between the first process and this one.
pub static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Refuses to go on in the child of a fork, in which a vector's threads are missing.
pub fn check_fork(born: usize, threads: usize) -> PyResult<()> {
    match born == FORKS.load(Ordering::Relaxed) || threads == 1 {
        true => Ok(()),
        false => Err(PyRuntimeError::new_err(
            "this vector environment was made before a fork, and its threads did not come along: make it in the child, \
             start children by spawn or forkserver, or make it with threads=1",
        )),
    }
}

/// Where a call puts the observations.
#[derive(FromPyObject)]
enum Target<'py> {
    /// Into an array of its own, or always the same one.
    #[pyo3(annotation = "bool")]
    Copy(bool),
    /// Into this array.
    #[pyo3(annotation = "numpy.ndarray")]
    Out(Bound<'py, PyAny>),
}

/// A vector whose kind of observations is not known.
trait Vector: Send {
    fn observation_space(&self) -> &Space;
    fn action_space(&self) -> &Space;
    fn reset<'py>(&mut self, py: Python<'py>, request: &Request, target: &Target<'py>)
    -> PyResult<Bound<'py, PyTuple>>;
    fn step<'py>(&mut self, actions: &Bound<'py, PyAny>, target: &Target<'py>) -> PyResult<Bound<'py, PyTuple>>;
    fn observations<'py>(&mut self, py: Python<'py>, target: &Target<'py>) -> PyResult<Bound<'py, PyAny>>;
    fn episodes(&self) -> Vec<(usize, f64, u64, f64)>;
    fn render(&self, index: usize) -> Result<image::RgbImage, Error>;
    fn render_fps(&self) -> u32;
    fn save_env(&self, index: usize, state: &mut Vec<u8>) -> Result<(), Error>;
    fn restore_env(&mut self, index: usize, state: &mut &[u8]) -> Result<(), Error>;
}

/// Which environments are to be reset, and from which seeds.
struct Request {
    mask: Vec<bool>,
    seeds: Option<Vec<Option<Seed>>>,
}

struct Typed<T: Scalar> {
    envs: VecEnv<T>,
    autoreset: Autoreset,
    actions: ActionBuffer,
    /// Whether infos may hold anything.
    tells: bool,
    /// What `copy=False` hands out.
    shared: Option<Py<PyArrayDyn<T>>>,
}

impl<T: Scalar> Typed<T> {
    /// Every call begins with the checks that let it fail with nothing changed.
    fn check_target(&self, target: &Target<'_>) -> PyResult<()> {
        let Target::Out(out) = target else { return Ok(()) };
        let name = convert::dtype_name::<T>();
        let array = out.cast::<PyArrayDyn<T>>().map_err(|_| match out.getattr("dtype") {
            Ok(dtype) => invalid_value("out", format!("an array of {dtype}"), &format!("an array of {name}")),
            Err(_) => invalid_type("out", out, &format!("a NumPy array of {name}")),
        })?;
        let observations = self.envs.observations();
        if array.shape() != observations.shape() {
            let expected = format!("an array of the shape {:?}", observations.shape());
            return Err(invalid_value("out", format!("an array of the shape {:?}", array.shape()), &expected));
        }
        array
            .try_readwrite()
            .map_err(|_| invalid_value("out", "an array that is read-only", "one that can be written"))?;
        Ok(())
    }

    /// The array that gets the observations.
    #[allow(unsafe_code, reason = "an array is made before what is in it")]
    fn target_array<'py>(&mut self, py: Python<'py>, target: &Target<'py>) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
        let observations = self.envs.observations();
        Ok(match target {
            // SAFETY: whoever asked for it writes all of it before Python sees it.
            Target::Copy(true) => unsafe { PyArrayDyn::new(py, observations.raw_dim(), false) },
            Target::Copy(false) => {
                let shared = self.shared.get_or_insert_with(|| PyArrayDyn::from_array(py, &observations).unbind());
                shared.bind(py).clone()
            }
            Target::Out(out) => out.cast::<PyArrayDyn<T>>()?.clone(),
        })
    }

    fn deliver<'py>(&mut self, py: Python<'py>, target: &Target<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.target_array(py, target)?;
        array.try_readwrite()?.as_array_mut().assign(&self.envs.observations());
        Ok(array.into_any())
    }

    /// Steps with the actions that were read.
    #[allow(unsafe_code, reason = "environments write into Python's array")]
    fn step_all<'py>(&mut self, py: Python<'py>, target: &Target<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.target_array(py, target)?;
        let envs = &mut self.envs;
        let actions = self.actions.of(envs.action_space(), envs.num_envs())?;
        if !array.is_c_contiguous() {
            py.detach(|| envs.step(actions)).map_err(|error| exception(py, &error))?;
            return self.deliver(py, target);
        }
        // Nobody else may borrow an array that others know.
        let _borrowed = (!matches!(target, Target::Copy(true))).then(|| array.try_readwrite()).transpose()?;
        // SAFETY: the array is contiguous and has that many elements, and nothing else refers to them in this call.
        let rows = unsafe { std::slice::from_raw_parts_mut(array.data().cast(), array.len()) };
        py.detach(|| envs.step_with_copy(actions, rows)).map_err(|error| exception(py, &error))?;
        Ok(array.into_any())
    }

    fn reset_all(&mut self, request: &Request) -> Result<(), Error> {
        let Some(seeds) = &request.seeds else { return self.envs.reset_where(&request.mask, Seeds::Continue) };
        let part = |seeded: bool| -> Vec<bool> {
            let chosen = |(here, seed): (&bool, &Option<Seed>)| *here && seed.is_some() == seeded;
            request.mask.iter().zip(seeds).map(chosen).collect()
        };
        let seeds: Vec<Seed> = seeds.iter().map(|seed| seed.clone().unwrap_or(Seed::from(0))).collect();
        self.envs.reset_where(&part(true), Seeds::Each(&seeds))?;
        let unseeded = part(false);
        if unseeded.contains(&true) { self.envs.reset_where(&unseeded, Seeds::Continue) } else { Ok(()) }
    }

    /// What the environments told in a step.
    fn infos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let envs = &self.envs;
        let infos = match self.tells {
            true => info::batched(py, envs.infos(), |_| true)?,
            false => PyDict::new(py),
        };
        if self.autoreset != Autoreset::SameStep {
            return Ok(infos);
        }
        info::insert_finals(
            &infos,
            envs.terminated(),
            envs.truncated(),
            envs.final_observations(),
            envs.final_infos(),
        )?;
        Ok(infos)
    }
}

impl<T: Scalar> Vector for Typed<T> {
    fn observation_space(&self) -> &Space {
        self.envs.observation_space()
    }

    fn action_space(&self) -> &Space {
        self.envs.action_space()
    }

    fn reset<'py>(
        &mut self,
        py: Python<'py>,
        request: &Request,
        target: &Target<'py>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        self.check_target(target)?;
        py.detach(|| self.reset_all(request)).map_err(|error| exception(py, &error))?;
        let infos = info::batched(py, self.envs.infos(), |i| request.mask[i])?;
        (self.deliver(py, target)?, infos).into_pyobject(py)
    }

    fn step<'py>(&mut self, actions: &Bound<'py, PyAny>, target: &Target<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let py = actions.py();
        self.check_target(target)?;
        self.actions.read_all(actions, self.envs.action_space(), self.envs.num_envs())?;
        let observations = self.step_all(py, target)?;
        let envs = &self.envs;
        let rewards = PyArray1::from_slice(py, envs.rewards());
        let [terminated, truncated] =
            [envs.terminated(), envs.truncated()].map(|flags| PyArray1::from_slice(py, flags));
        (observations, rewards, terminated, truncated, self.infos(py)?).into_pyobject(py)
    }

    fn observations<'py>(&mut self, py: Python<'py>, target: &Target<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.check_target(target)?;
        self.deliver(py, target)
    }

    fn episodes(&self) -> Vec<(usize, f64, u64, f64)> {
        let ended = self.envs.episodes().iter().enumerate();
        let row = |(index, episode): (usize, &Option<envs::EpisodeStats>)| {
            episode.map(|episode| (index, episode.episode_return, episode.length, episode.seconds))
        };
        ended.filter_map(row).collect()
    }

    fn render(&self, index: usize) -> Result<image::RgbImage, Error> {
        self.envs.render(index)
    }

    fn render_fps(&self) -> u32 {
        self.envs.render_fps()
    }

    fn save_env(&self, index: usize, state: &mut Vec<u8>) -> Result<(), Error> {
        self.envs.save_env(index, state)
    }

    fn restore_env(&mut self, index: usize, state: &mut &[u8]) -> Result<(), Error> {
        self.envs.restore_env(index, state)
    }
}

/// Environments that step together: what `rustgym.VectorEnv` is made of.
#[pyclass(module = "rustgym._native", name = "VecEnv")]
pub struct NativeVecEnv {
    /// `None` after `close`. Nobody ever waits for it: the methods have it to themselves.
    envs: Mutex<Option<Box<dyn Vector>>>,
    num_envs: usize,
    threads: usize,
    born: usize,
}

impl NativeVecEnv {
    fn envs(&mut self, py: Python<'_>) -> PyResult<&mut dyn Vector> {
        check_fork(self.born, self.threads)?;
        match self.envs.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Some(envs) => Ok(envs.as_mut()),
            None => Err(closed(py)),
        }
    }
}

/// How a vector's environments go on after an end, by the value of Gymnasium's `AutoresetMode`.
pub fn autoreset(mode: &str) -> PyResult<Autoreset> {
    match mode {
        "NextStep" => Ok(Autoreset::NextStep),
        "SameStep" => Ok(Autoreset::SameStep),
        "Disabled" => Ok(Autoreset::Disabled),
        other => Err(invalid_value("autoreset_mode", format!("{other:?}"), "a gymnasium.vector.AutoresetMode")),
    }
}

#[pymethods]
impl NativeVecEnv {
    #[new]
    #[pyo3(signature = (env_id, num_envs, threads, autoreset_mode, max_episode_steps, options))]
    fn new(
        py: Python<'_>,
        env_id: &str,
        num_envs: usize,
        threads: usize,
        autoreset_mode: &str,
        max_episode_steps: Option<i64>,
        options: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        fn boxed<T: Scalar>(
            py: Python<'_>,
            spec: &envs::EnvSpec,
            num_envs: usize,
            threads: usize,
            autoreset: Autoreset,
        ) -> PyResult<Box<dyn Vector>> {
            let envs = VecEnv::<T>::of_spec(spec, num_envs, threads).map_err(|error| exception(py, &error))?;
            let envs = envs.with_autoreset(autoreset);
            let tells = envs.tells_infos();
            Ok(Box::new(Typed { envs, autoreset, actions: ActionBuffer::default(), tells, shared: None }))
        }
        if num_envs == 0 {
            return Err(invalid_value("num_envs", 0, "at least 1"));
        }
        let autoreset = autoreset(autoreset_mode)?;
        let spec = options::spec(py, env_id, Limit::new(max_episode_steps)?, options)?;
        let make = match options::make(py, &spec)?.dtype() {
            DType::U8 => boxed::<u8>,
            DType::I8 => boxed::<i8>,
            DType::F32 => boxed::<f32>,
            DType::F64 => boxed::<f64>,
            other => return Err(PyRuntimeError::new_err(format!("observations of {other} are not known"))),
        };
        let envs = make(py, &spec, num_envs, threads, autoreset)?;
        Ok(Self { envs: Mutex::new(Some(envs)), num_envs, threads, born: FORKS.load(Ordering::Relaxed) })
    }

    /// The observation space and the action space of one environment, described.
    fn spaces<'py>(&mut self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        let envs = self.envs(py)?;
        Ok((convert::describe(py, envs.observation_space())?, convert::describe(py, envs.action_space())?))
    }

    /// Starts episodes where `mask` is true: (observations, infos).
    #[pyo3(signature = (mask, seeds, target))]
    fn reset<'py>(
        &mut self,
        py: Python<'py>,
        mask: Option<Vec<bool>>,
        seeds: Option<Vec<Option<Bound<'py, PyAny>>>>,
        target: Target<'py>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let num_envs = self.num_envs;
        let mask = mask.unwrap_or_else(|| vec![true; num_envs]);
        let seed = |seed: &Option<Bound<'py, PyAny>>| seed.as_ref().map(convert::seed).transpose();
        let seeds = seeds.map(|seeds| seeds.iter().map(seed).collect::<PyResult<Vec<_>>>()).transpose()?;
        if mask.len() != num_envs || seeds.as_ref().is_some_and(|seeds| seeds.len() != num_envs) {
            return Err(invalid_value("the number of seeds or of mask values", "another", &num_envs.to_string()));
        }
        self.envs(py)?.reset(py, &Request { mask, seeds }, &target)
    }

    /// Takes a step everywhere: (observations, rewards, terminated, truncated, infos).
    fn step<'py>(&mut self, actions: &Bound<'py, PyAny>, target: Target<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.envs(actions.py())?.step(actions, &target)
    }

    /// The last observations.
    fn observations<'py>(&mut self, py: Python<'py>, target: Target<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.envs(py)?.observations(py, &target)
    }

    /// The episodes that the last step ended: (index, return, length, seconds) each.
    fn episodes(&mut self, py: Python<'_>) -> PyResult<Vec<(usize, f64, u64, f64)>> {
        Ok(self.envs(py)?.episodes())
    }

    /// A picture of environment `index`: (height, width, 3) of uint8.
    fn render<'py>(&mut self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let picture = self.envs(py)?.render(index).map_err(|error| exception(py, &error))?;
        picture_array(py, picture)
    }

    /// How many pictures a second show an environment at its own pace.
    fn render_fps(&mut self, py: Python<'_>) -> PyResult<u32> {
        Ok(self.envs(py)?.render_fps())
    }

    /// The whole state of environment `index`, its last observation included.
    fn save<'py>(&mut self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut state = vec![];
        self.envs(py)?.save_env(index, &mut state).map_err(|error| exception(py, &error))?;
        Ok(PyBytes::new(py, &state))
    }

    /// Environment `index` goes on from what `save` gave of any environment made alike.
    fn restore(&mut self, py: Python<'_>, index: usize, state: &[u8]) -> PyResult<()> {
        let mut rest = state;
        self.envs(py)?.restore_env(index, &mut rest).map_err(|error| exception(py, &error))
    }

    /// Ends the threads and frees everything; any other call is an error from then on.
    fn close(&mut self, py: Python<'_>) {
        let envs = self.envs.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(envs));
    }
}
