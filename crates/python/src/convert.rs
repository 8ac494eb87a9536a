//! Values of Python as those of the environments, and back.

use envs::{Action, Actions, Bounds, DType, Element, Seed, Space};
use ndarray::ArrayView2;
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::{
    exceptions::PyRuntimeError,
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyInt, PyTuple},
};

use crate::error::{invalid_action, invalid_type, invalid_value};

/// The element types of observations.
pub trait Scalar: Element + numpy::Element {}
impl<T: Element + numpy::Element> Scalar for T {}

/// A seed: a whole number from 0 on, of any size.
pub fn seed(value: &Bound<'_, PyAny>) -> PyResult<Seed> {
    if let Ok(seed) = value.extract::<u64>() {
        return Ok(seed.into());
    }
    let value = value.call_method0(intern!(value.py(), "__index__")).ok();
    let value = value.as_ref().and_then(|value| value.cast::<PyInt>().ok());
    let text =
        value.map(|value| value.str()).transpose()?.map_or_else(|| "no whole number".into(), |text| text.to_string());
    text.parse().map_err(|_| invalid_value("seed", text, "a whole number from 0 on"))
}

/// A space as `("discrete", n, start)` or `("box", shape, dtype, low, high)`, the bounds in C order.
pub fn describe<'py>(py: Python<'py>, space: &Space) -> PyResult<Bound<'py, PyTuple>> {
    match space {
        Space::Discrete(space) => ("discrete", space.n, space.start).into_pyobject(py),
        Space::Box(space) => {
            let len = match space.bounds {
                Bounds::Same(..) => 1,
                Bounds::Each(_) => space.shape.iter().product(),
            };
            let (low, high): (Vec<f64>, Vec<f64>) = (0..len).map(|i| space.bounds_of(i)).unzip();
            let shape = PyTuple::new(py, &space.shape)?;
            ("box", shape, space.dtype.to_string(), low, high).into_pyobject(py)
        }
    }
}

/// The actions of a call, kept from call to call so that nothing is allocated.
#[derive(Default)]
pub struct ActionBuffer {
    pub discrete: Vec<i64>,
    pub continuous: Vec<f64>,
}

impl ActionBuffer {
    /// Reads one action of this space.
    pub fn read_one<'a>(&'a mut self, action: &Bound<'_, PyAny>, space: &Space) -> PyResult<Action<'a>> {
        match space {
            Space::Discrete(_) => match action.extract::<i64>() {
                Ok(action) => Ok(Action::Discrete(action)),
                Err(_) => Ok(Action::Discrete(self.whole_number(action, space)?)),
            },
            Space::Box(_) => {
                self.read_numbers(action, space.shape(), space)?;
                Ok(Action::Continuous(&self.continuous))
            }
        }
    }

    /// Reads an action for each of `num_envs` environments.
    pub fn read_all(&mut self, actions: &Bound<'_, PyAny>, space: &Space, num_envs: usize) -> PyResult<()> {
        match space {
            Space::Discrete(_) => self.read_whole_numbers(actions, space, num_envs),
            Space::Box(_) => self.read_numbers(actions, &[&[num_envs], space.shape()].concat(), space),
        }
    }

    /// What was read, for so many environments.
    pub fn of(&self, space: &Space, num_envs: usize) -> PyResult<Actions<'_>> {
        match space {
            Space::Discrete(_) => Ok(Actions::Discrete(&self.discrete)),
            Space::Box(_) => {
                let actions = ArrayView2::from_shape((num_envs, space.size()), &self.continuous);
                Ok(Actions::Continuous(actions.map_err(|error| PyRuntimeError::new_err(error.to_string()))?))
            }
        }
    }

    /// An array of one whole number, which `int` would not take.
    fn whole_number(&mut self, action: &Bound<'_, PyAny>, space: &Space) -> PyResult<i64> {
        let refused = || {
            let text = action.repr().map_or_else(|_| "it".into(), |text| text.to_string());
            invalid_action(action.py(), format!("action {text} is not in the action space: expected {space}"))
        };
        let array = as_array(action).map_err(|_| refused())?;
        match is_whole(&array)? && array.getattr("ndim")?.extract::<usize>()? == 0 {
            true => array.call_method0("item")?.extract().map_err(|_| refused()),
            false => Err(refused()),
        }
    }

    fn read_whole_numbers(&mut self, actions: &Bound<'_, PyAny>, space: &Space, num_envs: usize) -> PyResult<()> {
        self.discrete.clear();
        if let Ok(array) = actions.cast::<PyArray1<i64>>() {
            let array = array.try_readonly()?;
            match array.as_slice() {
                Ok(actions) => self.discrete.extend_from_slice(actions),
                Err(_) => self.discrete.extend(array.as_array().iter()),
            }
        } else if let Ok(array) = actions.cast::<PyArray1<i32>>() {
            self.discrete.extend(array.try_readonly()?.as_array().iter().map(|&action| i64::from(action)));
        } else {
            let array = as_array(actions)?;
            if !is_whole(&array)? {
                let dtype = array.getattr("dtype")?;
                let message = format!("the actions are of type {dtype}: expected whole numbers, each {space}");
                return Err(invalid_action(actions.py(), message));
            }
            let array = array.call_method1("astype", ("int64",))?;
            let array = array.cast::<PyArrayDyn<i64>>()?.try_readonly()?;
            check_shape(&array, &[num_envs], space)?;
            self.discrete.extend(array.as_array().iter());
        }
        match self.discrete.len() == num_envs {
            true => Ok(()),
            false => Err(wrong_shape(actions.py(), &[self.discrete.len()], &[num_envs], space)),
        }
    }

    fn read_numbers(&mut self, actions: &Bound<'_, PyAny>, shape: &[usize], space: &Space) -> PyResult<()> {
        self.continuous.clear();
        if let Ok(array) = actions.cast::<PyArrayDyn<f32>>() {
            let array = array.try_readonly()?;
            check_shape(&array, shape, space)?;
            self.continuous.extend(array.as_array().iter().map(|&number| f64::from(number)));
            return Ok(());
        }
        let array = match actions.cast::<PyArrayDyn<f64>>() {
            Ok(array) => array.clone(),
            Err(_) => as_numbers(actions, space)?,
        };
        let array = array.try_readonly()?;
        check_shape(&array, shape, space)?;
        self.continuous.extend(array.as_array().iter());
        Ok(())
    }
}

/// NumPy's `asarray`.
fn as_array<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    ASARRAY.import(value.py(), "numpy", "asarray")?.call1((value,))
}

fn is_whole(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    Ok(kind == "i" || kind == "u")
}

/// Numbers of any kind as `float64`.
fn as_numbers<'py>(actions: &Bound<'py, PyAny>, space: &Space) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let refused = |kind: String| {
        invalid_action(actions.py(), format!("the actions are {kind}: expected numbers, {space} for an environment"))
    };
    let array = as_array(actions).map_err(|error| refused(format!("no array ({error})")))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !["f", "i", "u"].contains(&kind.as_str()) {
        return Err(refused(format!("of type {}", array.getattr("dtype")?)));
    }
    Ok(array.call_method1("astype", ("float64",))?.cast_into()?)
}

fn check_shape(array: &impl ShapeOf, expected: &[usize], space: &Space) -> PyResult<()> {
    match array.shape_of() == expected {
        true => Ok(()),
        false => Err(wrong_shape(array.python(), array.shape_of(), expected, space)),
    }
}

fn wrong_shape(py: Python<'_>, actual: &[usize], expected: &[usize], space: &Space) -> PyErr {
    invalid_action(
        py,
        format!("the actions have the shape {actual:?}: expected {expected:?}, {space} for an environment"),
    )
}

trait ShapeOf {
    fn shape_of(&self) -> &[usize];
    fn python(&self) -> Python<'_>;
}

impl<T: numpy::Element> ShapeOf for numpy::PyReadonlyArrayDyn<'_, T> {
    fn shape_of(&self) -> &[usize] {
        self.shape()
    }

    fn python(&self) -> Python<'_> {
        self.py()
    }
}

/// Keyword arguments that are taken one after the other; what is left at the end is refused.
pub struct Options<'py> {
    id: String,
    left: Bound<'py, PyDict>,
    known: Vec<&'static str>,
}

impl<'py> Options<'py> {
    pub fn new(id: &str, options: &Bound<'py, PyDict>) -> PyResult<Self> {
        Ok(Self { id: id.into(), left: options.copy()?, known: vec![] })
    }

    /// The option of this name, if it was given and is not `None`.
    pub fn take_any(&mut self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.known.push(name);
        let value = self.left.get_item(name)?;
        if value.is_some() {
            self.left.del_item(name)?;
        }
        Ok(value.filter(|value| !value.is_none()))
    }

    /// A Python value as a Rust value; `expected` says what it must be.
    pub fn take<T>(&mut self, name: &'static str, expected: &str) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py>,
    {
        let Some(value) = self.take_any(name)? else { return Ok(None) };
        value.extract().map(Some).map_err(|_| match value.extract::<f64>() {
            Ok(_) => invalid_value(name, &value, expected),
            Err(_) => invalid_type(name, &value, expected),
        })
    }

    /// Refuses what was not taken.
    pub fn finish(self) -> PyResult<()> {
        let Some(name) = self.left.keys().iter().next() else { return Ok(()) };
        let known = if self.known.is_empty() { "none".into() } else { self.known.join(", ") };
        let message = format!("{} got an unexpected keyword argument {}: it takes {known}", self.id, name.repr()?);
        Err(pyo3::exceptions::PyTypeError::new_err(message))
    }
}

/// The dtype that a buffer must have.
pub fn dtype_name<T: Element>() -> &'static str {
    match T::DTYPE {
        DType::U8 => "uint8",
        DType::I8 => "int8",
        DType::I64 => "int64",
        DType::F32 => "float32",
        DType::F64 => "float64",
    }
}
