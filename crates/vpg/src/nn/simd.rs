//! Which vector instructions the learner's kernels use. They decide how long a product takes, and no bit of it.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Arch, WithSimd};

/// Vector instructions.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// `plain`, `avx2` (with FMA) or `avx512`.
    pub name: &'static str,
    instructions: Arch,
}

impl Level {
    /// The best that this processor has, or the one that a test forces.
    pub fn detected() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| envs::best_instructions(&Self::all(), |level| level.name))
    }

    /// All that this processor has, the plainest first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![("plain", Some(Arch::Scalar))];
        #[cfg(target_arch = "x86_64")]
        all.extend([("avx2", V3::try_new().map(Arch::V3)), ("avx512", V4::try_new().map(Arch::V4))]);
        all.into_iter().filter_map(|(name, instructions)| Some(Self { name, instructions: instructions? })).collect()
    }

    /// Runs plain loops with these instructions. `work` is to be marked `#[inline(always)]`, so that it is compiled for them.
    #[inline]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        self.instructions.dispatch(work)
    }

    /// Runs a kernel that uses these instructions by name.
    #[inline]
    pub fn run_kernel<K: WithSimd>(self, kernel: K) -> K::Output {
        self.instructions.dispatch(kernel)
    }
}
