//! Which steps cost a life.

use envs::Info;

/// The lives that environments have left: 0 where they have none, and before the first step.
#[derive(Clone, Debug)]
pub struct Lives {
    /// Of each environment, after the last step.
    pub left: Vec<u32>,
    lost: Vec<bool>,
}

impl Lives {
    /// Of so many environments.
    pub fn new(num_envs: usize) -> Self {
        Self { left: vec![0; num_envs], lost: vec![false; num_envs] }
    }

    /// Where the step that told `infos` cost a life. A step that ended an episode tells the lives of the next one.
    pub fn lost(&mut self, infos: &[Info]) -> &[bool] {
        for ((left, lost), info) in self.left.iter_mut().zip(&mut self.lost).zip(infos) {
            let now = info.lives.unwrap_or(0);
            *lost = now < std::mem::replace(left, now);
        }
        &self.lost
    }
}
