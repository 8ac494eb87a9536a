//! Environments of any kind in a vector.

use image::RgbImage;

use super::{
    group::Group,
    request::{Reset, StepCall},
    row::Row,
    rows::Rows,
};
use crate::{BoxEnv, Element, Error};

/// Environments of any kind, which step one by one.
pub(super) struct Singles<T> {
    envs: Vec<BoxEnv<T>>,
}

impl<T> Singles<T> {
    pub fn new(envs: Vec<BoxEnv<T>>) -> Self {
        Self { envs }
    }
}

impl<T: Element> Group<T> for Singles<T> {
    fn len(&self) -> usize {
        self.envs.len()
    }

    fn reset(&mut self, request: &Reset<'_>, first: usize, rows: &mut Rows<'_, T>) -> Result<(), Error> {
        self.for_each(rows, |i, env, row| match request.includes(first + i) {
            true => row.reset(env, request.seed(first + i).as_ref(), first + i),
            false => Ok(()),
        })
    }

    fn step(&mut self, call: &StepCall<'_>, first: usize, rows: &mut Rows<'_, T>) -> Result<(), Error> {
        self.for_each(rows, |i, env, row| row.step(env, call.actions.of(first + i), call.autoreset, first + i))
    }

    fn render(&self, i: usize) -> Result<RgbImage, Error> {
        self.envs[i].render()
    }

    fn render_fps(&self) -> u32 {
        self.envs[0].render_fps()
    }

    fn save(&self, i: usize, state: &mut Vec<u8>) -> Result<(), Error> {
        self.envs[i].save(state)
    }

    fn restore(&mut self, i: usize, state: &mut &[u8]) -> Result<(), Error> {
        self.envs[i].restore(state)
    }
}

impl<T: Element> Singles<T> {
    fn for_each(
        &mut self,
        rows: &mut Rows<'_, T>,
        mut work: impl FnMut(usize, &mut BoxEnv<T>, Row<'_, T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let size = rows.size();
        let mut result = Ok(());
        for (i, env) in self.envs.iter_mut().enumerate() {
            let outcome = work(i, env, Row::of(rows, i, size));
            if result.is_ok() {
                result = outcome;
            }
        }
        result
    }
}
