//! An environment of one's own gets the whole program: flags, run folder, evaluation, plots.

use std::{ffi::OsString, process::ExitCode, time::Instant};

use envs::{DType, EnvSpec, Space};

#[allow(dead_code, reason = "its own main is not called")]
#[path = "../crates/vpg/examples/custom_env.rs"]
mod custom_env;

#[test]
fn an_environment_that_was_registered_is_trained_by_the_program() {
    let walk = || {
        let spaces = [Space::boxed(&[1], DType::F32, 0.0, 8.0), Space::discrete(2)];
        Ok(custom_env::Walk { at: 4, spaces })
    };
    envs::register(EnvSpec::new("Walk-v0", walk).with_limits(100, 0.95));
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run").display().to_string();
    let plot = folder.path().join("plot.svg").display().to_string();
    for args in [
        format!("vpg --env Walk-v0 --epochs 2 --steps-per-epoch 256 --hid 16 --save-freq 1 --run-dir {run}"),
        format!("vpg eval {run} --episodes 2"),
        format!("vpg record {run} --max-frames 3"),
        format!("vpg plot {run} --out {plot}"),
    ] {
        let code = vpg::main(args.split(' ').map(OsString::from), Instant::now());
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS), "{args}");
    }
    for name in ["config.json", "progress.txt", "summary.json", "rewards.png", "record.gif"] {
        assert!(folder.path().join("run").join(name).exists(), "{name}");
    }
    assert!(folder.path().join("plot.svg").exists());
}
