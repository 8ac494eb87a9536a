//! What environments tell beside observations and rewards, as Gymnasium's dictionaries.

use envs::Info;
use ndarray::ArrayViewD;
use numpy::{PyArray1, PyArrayDyn};
use pyo3::{prelude::*, types::PyDict};

use crate::convert::Scalar;

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

/// Gymnasium's `final_obs` and `final_info` of a step that reset the environments whose episodes it ended.
pub fn insert_finals<T: Scalar>(
    infos: &Bound<'_, PyDict>,
    terminated: &[bool],
    truncated: &[bool],
    final_observations: ArrayViewD<'_, T>,
    final_infos: &[Info],
) -> PyResult<()> {
    let ended: Vec<bool> =
        terminated.iter().zip(truncated).map(|(terminated, truncated)| terminated | truncated).collect();
    if !ended.contains(&true) {
        return Ok(());
    }
    let py = infos.py();
    let row = |(row, ended): (ArrayViewD<'_, T>, &bool)| match ended {
        true => PyArrayDyn::from_array(py, &row).into_any().unbind(),
        false => py.None(),
    };
    let rows: Vec<Py<PyAny>> = final_observations.outer_iter().zip(&ended).map(row).collect();
    infos.set_item("final_obs", PyArray1::from_vec(py, rows))?;
    infos.set_item("_final_obs", PyArray1::from_slice(py, &ended))?;
    infos.set_item("final_info", batched(py, final_infos, |i| ended[i])?)?;
    infos.set_item("_final_info", PyArray1::from_slice(py, &ended))
}
