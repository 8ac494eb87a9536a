//! Errors as Python's exceptions.

use std::any::Any;

use envs::Error;
use pyo3::{
    PyTypeInfo,
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::PyType,
};

/// The exception that stands for an error of the environments.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    raise(py, kind(error), error.to_string())
}

/// The name of its class in `rustgym.errors`, or of one of Python's own.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::ResetNeeded | Error::EpisodeEnded => "ResetNeeded",
        Error::UnknownEnv { .. } => "UnknownEnv",
        Error::InvalidAction { .. } => "InvalidAction",
        Error::Rom { .. } => "RomError",
        Error::InVector { source, .. } => kind(source),
        Error::Panicked { .. } => "RuntimeError",
        _ => "ValueError",
    }
}

fn raise(py: Python<'_>, kind: &str, message: String) -> PyErr {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let class = match kind {
        "ValueError" => Ok(PyValueError::type_object(py)),
        "RuntimeError" => Ok(PyRuntimeError::type_object(py)),
        kind => MODULE
            .get_or_try_init(py, || py.import("rustgym.errors").map(Bound::unbind))
            .and_then(|module| Ok(module.bind(py).getattr(kind)?.cast_into::<PyType>()?)),
    };
    class.map_or_else(|error| error, |class| PyErr::from_type(class, message))
}

/// An action that is not one at all.
pub fn invalid_action(py: Python<'_>, message: String) -> PyErr {
    raise(py, "InvalidAction", message)
}

/// A call of what was closed.
pub fn closed(py: Python<'_>) -> PyErr {
    raise(py, "ClosedError", "the environment is closed: make a new one".into())
}

/// A value that an argument does not take.
pub fn invalid_value(name: &str, value: impl std::fmt::Display, expected: &str) -> PyErr {
    PyValueError::new_err(format!("{name} = {value} is not possible: expected {expected}"))
}

/// An argument of a wrong type.
pub fn invalid_type(name: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    let kind = value.get_type();
    PyTypeError::new_err(format!("{name} is a {kind}: expected {expected}"))
}

/// A panic of an environment, which ends here.
pub fn panicked(payload: &(dyn Any + Send)) -> PyErr {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    PyRuntimeError::new_err(format!("the environment panicked: {}; reset it", text.unwrap_or("no message")))
}
