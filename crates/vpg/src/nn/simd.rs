//! Which vector instructions the learner's kernels use. They decide how long a product takes, and no bit of it.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Scalar, Simd, WithSimd};

/// The variable that forces a level on the tests; see [`envs::SIMD_VARIABLE`].
fn forced() -> Option<String> {
    std::env::var(envs::SIMD_VARIABLE).ok()
}

/// Vector instructions.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// What every processor has.
    Plain,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
}

impl Level {
    /// The best that this processor has, or the one that a test forces.
    pub fn detected() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let all = Self::all();
            let wanted = forced().and_then(|name| all.iter().find(|level| level.name() == name).copied());
            wanted.unwrap_or(all[all.len() - 1])
        })
    }

    /// All that this processor has, the plainest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        return [Some(Self::Plain), V3::try_new().map(Self::Avx2), V4::try_new().map(Self::Avx512)]
            .into_iter()
            .flatten()
            .collect();
        #[cfg(not(target_arch = "x86_64"))]
        vec![Self::Plain]
    }

    /// As `vpg doctor` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
        }
    }

    /// Runs the kernel with these instructions.
    #[inline]
    pub fn run<K: WithSimd>(self, kernel: K) -> K::Output {
        match self {
            Self::Plain => Simd::vectorize(Scalar::new(), kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, kernel),
        }
    }
}
