//! The machine that a run computes on, and whether others compute the same bytes.

use std::fs;

use serde::Serialize;

use super::simd::Level;

/// What a run was computed on, for `summary.json` and `vpg doctor`. None of it decides the run's bytes, unless
/// [`difference`] says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The processor's name, such as `AMD EPYC 7763`; its architecture where the system does not tell.
    pub processor: String,
    /// The instructions of the learner's kernels: `plain`, `avx2` or `avx512`.
    pub kernels: &'static str,
    /// The version of this program.
    pub version: &'static str,
    /// The version of libtorch that it is made for.
    pub libtorch: &'static str,
}

/// The libtorch that the crate `tch` is made for.
pub const LIBTORCH_VERSION: &str = "2.13.0";

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned()),
            kernels: Level::detected().name,
            version: env!("CARGO_PKG_VERSION"),
            libtorch: LIBTORCH_VERSION,
        }
    }
}

/// Why runs of linear layers may come out otherwise here than on x86-64 processors with AVX2, and what to do about it; none
/// where they do not.
///
/// The learner's kernels have one order of operations. The losses are libtorch's, whose loops give the same bits with AVX2
/// and AVX-512 as the policy uses them, but others without.
pub fn difference() -> Option<String> {
    if !cfg!(target_arch = "x86_64") {
        return Some(format!("libtorch's losses may round otherwise on {}", std::env::consts::ARCH));
    }
    if !Level::all().iter().any(|level| level.name == "avx2") {
        return Some("libtorch's losses round otherwise on a processor without AVX2".into());
    }
    let capability = std::env::var("ATEN_CPU_CAPABILITY").unwrap_or_default();
    let same = ["", "avx2", "avx512"].contains(&capability.as_str());
    (!same).then(|| {
        format!("ATEN_CPU_CAPABILITY={capability} makes libtorch's losses round otherwise than elsewhere: unset it")
    })
}

/// The instructions that libtorch is told to use by `ATEN_CPU_CAPABILITY` and that this processor does not have: it does not ask,
/// and the process would end without a word.
pub fn lacking() -> Option<String> {
    let asked = std::env::var("ATEN_CPU_CAPABILITY").ok()?;
    let is_here = !["avx2", "avx512"].contains(&&*asked) || Level::all().iter().any(|level| level.name == asked);
    (!is_here).then_some(asked)
}
