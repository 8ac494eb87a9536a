//! The program as tests run it.
#![allow(dead_code, reason = "every test uses a part of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

pub fn vpg() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vpg"))
}

pub fn run(args: &[&str]) -> Output {
    vpg().args(args).output().expect("vpg starts")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn succeeds(args: &[&str]) -> Output {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    output
}

pub const SHORT: [&str; 10] =
    ["--env", "CartPole", "--epochs", "2", "--steps-per-epoch", "64", "--num-envs", "4", "--save-freq", "1"];

/// A run of two epochs, and the folder it is in.
pub fn trained(more: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    succeeds(&[&SHORT, more, &["--run-dir", path.to_str().unwrap()]].concat());
    (folder, path)
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until the run has logged so many epochs.
pub fn wait_for_epochs(run: &Path, epochs: usize) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let logged = || fs::read_to_string(run.join("progress.txt")).map_or(0, |table| table.lines().count());
    while logged() <= epochs && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(logged() > epochs, "the run began");
}

pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
