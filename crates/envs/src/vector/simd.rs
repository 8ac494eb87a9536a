//! Eight environments in the lanes of one instruction: the run-time choice of an instruction set.
//!
//! Kernels are plain loops over arrays of [`LANES`](super::lanes::LANES) numbers or more. The compiler makes vector
//! instructions of them, of the set that the function they are inlined into is compiled for. The results are the same bits
//! with every set.

use std::sync::OnceLock;

use super::math::{Fused, Library, Math};

/// Of the instruction sets that this processor has, the plainest first, the best: the last one. Tests force the kernels of
/// all crates to `plain`, `avx2` or `avx512` by the environment variable `VPG_TEST_SIMD`, where the processor has these. It
/// decides how fast they are, and nothing else.
#[doc(hidden)]
pub fn best_instructions<T: Copy>(available: &[T], name: impl Fn(T) -> &'static str) -> T {
    let forced = std::env::var("VPG_TEST_SIMD").unwrap_or_default();
    let wanted = available.iter().find(|set| name(**set) == forced);
    *wanted.unwrap_or(&available[available.len() - 1])
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(Set);

#[derive(Clone, Copy, Debug)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// Something to compute with any instruction set.
pub(crate) trait Kernel {
    type Output;

    /// To be marked `#[inline(always)]`, so that it is compiled anew for each set.
    fn run<M: Math>(self) -> Self::Output;
}

impl Level {
    /// All that this processor has, the plainest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "other processors have no more")]
        let mut sets = vec![Set::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let avx512 = [
                is_x86_feature_detected!("avx512f"),
                is_x86_feature_detected!("avx512dq"),
                is_x86_feature_detected!("avx512bw"),
                is_x86_feature_detected!("avx512vl"),
            ];
            sets.push(Set::Avx2);
            if avx512 == [true; 4] {
                sets.push(Set::Avx512);
            }
        }
        sets.into_iter().map(Self).collect()
    }

    /// The best that this processor has, or the one that a test forces.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| best_instructions(&Self::available(), Self::name))
    }

    /// `plain`, `avx2` or `avx512`.
    fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            Set::Portable => "plain",
        }
    }

    /// Runs the kernel with this instruction set.
    #[inline(always)]
    #[allow(unsafe_code, reason = "what is compiled for certain instructions may only run where they exist")]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: `available` gives this level only where the processor has these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { with_avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { with_avx2(kernel) },
            Set::Portable => kernel.run::<Library>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}
