//! `vpg doctor`: what this program runs on, and the remedy for what is missing.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
#[cfg(feature = "atari")]
use envs::Env;
use tch::{Cuda, Kind, Tensor};

use crate::nn::machine::{self, LIBTORCH_VERSION, Machine};

/// One line of the report: what was looked at, and what was found or what to do about it.
type Finding = (&'static str, Result<String>);

/// Prints versions, libtorch, device, threads and ROMs. The exit code is 1 where something is missing.
///
/// # Errors
/// Where it cannot be printed.
pub fn run() -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for (what, found) in findings() {
        match found {
            Ok(found) => writeln!(out, "{what:<10} {found}")?,
            Err(error) => {
                writeln!(out, "{what:<10} MISSING: {error:#}")?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn findings() -> [Finding; 8] {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = format!("{cores} cores; libtorch would take {} by itself", tch::get_num_threads());
    [
        ("vpg", Ok(format!("{} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH))),
        ("processor", Ok(processor())),
        ("same bytes", Ok(same_bytes())),
        ("libtorch", libtorch()),
        ("gradient", gradient()),
        ("device", Ok(device())),
        ("threads", Ok(threads)),
        ("Atari", atari()),
    ]
}

/// The processor, and the instructions that each crate's kernels take of it.
fn processor() -> String {
    let Machine { processor, kernels, .. } = Machine::here();
    let frames = preprocess::Kernel::detect().name();
    format!("{processor}; kernels: learner {kernels}, preprocessing {frames}")
}

fn same_bytes() -> String {
    let linear = "networks of linear layers on the CPU";
    match machine::difference() {
        None => {
            format!("{linear} train to the same bytes here as on every x86-64 processor with AVX2; MKL is not used")
        }
        Some(why) => format!("{linear} may train to other bytes here than elsewhere: {why}"),
    }
}

fn libtorch() -> Result<String> {
    let Some(library) = loaded_libtorch() else {
        return Ok("loaded; where from cannot be told on this system".into());
    };
    let folder = library.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let version = fs::read_to_string(folder.join("build-version")).unwrap_or_default();
    let version = version.trim();
    anyhow::ensure!(
        version.is_empty() || version.starts_with(LIBTORCH_VERSION),
        "libtorch {version} in {}: this program needs {LIBTORCH_VERSION}; run `make setup`",
        folder.display()
    );
    Ok(format!("{} in {}", if version.is_empty() { "of unknown version" } else { version }, folder.display()))
}

/// The library this process has mapped.
fn loaded_libtorch() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.contains("libtorch_cpu"))?;
    Some(PathBuf::from(&line[line.find('/')?..]))
}

/// A derivative, to see that the library not only loads but works.
fn gradient() -> Result<String> {
    let x = Tensor::from(3.0).to_kind(Kind::Double).set_requires_grad(true);
    let gradients = Tensor::f_run_backward(&[&x * &x], &[&x], false, false)
        .context("libtorch cannot differentiate: run `make setup` again")?;
    let derivative = gradients[0].double_value(&[]);
    anyhow::ensure!(derivative == 6.0, "libtorch says that 2 * 3 is {derivative}: run `make setup` again");
    Ok("libtorch differentiates".into())
}

fn device() -> String {
    match Cuda::device_count() {
        0 => "cpu (no CUDA device, or a libtorch without CUDA)".into(),
        n => format!("cpu; {n} CUDA devices are there"),
    }
}

#[cfg(feature = "atari")]
fn atari() -> Result<String> {
    let roms = envs::atari::bundled_roms();
    let unknown: Vec<&str> = roms.iter().filter(|rom| !rom.known).map(|rom| rom.game).collect();
    anyhow::ensure!(unknown.is_empty(), "damaged ROMs: {}; run `cargo clean` and build again", unknown.join(", "));
    let config = envs::atari::AtariConfig::from_id("Pong")?;
    let backend = config.backend;
    let mut pong = envs::atari::Atari::new(&config)?;
    let mut screen = vec![0; pong.observation_space().size()];
    pong.reset(Some(&0.into()), &mut screen).context("Pong does not start: run `cargo clean` and build again")?;
    let games = match roms.len() {
        0 => "ALE and its games are left out of this build".into(),
        count => format!("ALE has {count} games"),
    };
    Ok(format!("Pong starts on the backend {backend}; {games}"))
}

#[cfg(not(feature = "atari"))]
fn atari() -> Result<String> {
    Ok("left out of this build".into())
}
