//! What environments tell beside observations and rewards, as Gymnasium's dictionaries.

use envs::Info;
use numpy::PyArray1;
use pyo3::{prelude::*, types::PyDict};

/// The key of an info and how it is read.
type Column = (&'static str, fn(&Info) -> Option<i64>);

/// All that there are, in the order of the originals' dictionaries; all of them whole numbers there.
const COLUMNS: [Column; 4] = [
    ("lives", |info| info.lives.map(i64::from)),
    ("episode_frame_number", |info| info.episode_frame_number.map(i64::from)),
    ("frame_number", |info| info.frame_number.map(i64::from)),
    ("reward_survive", |info| info.reward_survive.map(|reward| reward as i64)),
];

/// The dictionary of one environment.
pub fn single<'py>(py: Python<'py>, info: &Info) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if *info != Info::default() {
        for (key, read) in COLUMNS {
            if let Some(value) = read(info) {
                dict.set_item(key, value)?;
            }
        }
    }
    Ok(dict)
}

/// The dictionary of a vector, of the environments where `here` is true: an array for each key that any of them has, and
/// a mask of those that have it.
pub fn batched<'py>(py: Python<'py>, infos: &[Info], here: impl Fn(usize) -> bool) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, read) in COLUMNS {
        let value = |i: usize| here(i).then(|| read(&infos[i])).flatten();
        if !(0..infos.len()).any(|i| value(i).is_some()) {
            continue;
        }
        let values = PyArray1::from_vec(py, (0..infos.len()).map(|i| value(i).unwrap_or(0)).collect());
        let mask = PyArray1::from_vec(py, (0..infos.len()).map(|i| value(i).is_some()).collect());
        dict.set_item(key, values)?;
        dict.set_item(format!("_{key}"), mask)?;
    }
    Ok(dict)
}

/// The key of a dictionary under which something is found of environments where `mask` is true.
pub fn insert_masked(dict: &Bound<'_, PyDict>, key: &str, value: Bound<'_, PyAny>, mask: &[bool]) -> PyResult<()> {
    let py = dict.py();
    dict.set_item(key, value)?;
    dict.set_item(format!("_{key}"), PyArray1::from_slice(py, mask))?;
    Ok(())
}

/// An array of objects.
pub fn object_array<'py>(py: Python<'py>, objects: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let objects: Vec<Py<PyAny>> = objects.into_iter().map(Bound::unbind).collect();
    Ok(PyArray1::from_vec(py, objects).into_any())
}
