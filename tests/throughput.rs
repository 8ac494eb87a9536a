//! The example `throughput`: what it measures is what single environments would give.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use envs::{BoxEnv, Element, NumpyRng, Sample, Seed};

/// Runs the example as `cargo test` built it beside this test.
fn throughput(args: &[&str]) -> Output {
    let here = std::env::current_exe().unwrap();
    let example: PathBuf = here.parent().unwrap().with_file_name("examples").join("throughput");
    Command::new(&example)
        .args(args)
        .args(["--seconds", "0.01"])
        .output()
        .unwrap_or_else(|error| panic!("{example:?}: {error}; `cargo build -p envs --example throughput` makes it"))
}

fn line(args: &[&str]) -> serde_json::Value {
    let output = throughput(args);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The CRC-32 of all observations of 1,000 steps with the example's actions, in a loop over single environments.
fn checksum_of_singles<T: Element>(mut envs: Vec<BoxEnv<T>>, seed: u64) -> String {
    let seed = Seed::from(seed);
    let (n, size) = (envs.len(), envs[0].observation_space().size());
    let space = envs[0].action_space().clone();
    let mut rng = NumpyRng::new(&seed);
    let actions: Vec<Sample> = (0..1000 * n).map(|_| space.sample(&mut rng)).collect();
    let mut observations = vec![T::default(); n * size];
    for (i, (env, row)) in envs.iter_mut().zip(observations.chunks_mut(size)).enumerate() {
        env.reset(Some(&seed.offset(i as u64)), row).unwrap();
    }
    let mut checksum = crc32fast::Hasher::new();
    for actions in actions.chunks(n) {
        for ((env, row), action) in envs.iter_mut().zip(observations.chunks_mut(size)).zip(actions) {
            if env.step(action.as_action(), row).unwrap().done() {
                env.reset(None, row).unwrap();
            }
        }
        checksum.update(bytemuck::cast_slice(&observations));
    }
    format!("{:08x}", checksum.finalize())
}

fn singles<T: Element>(id: &str, n: usize) -> Vec<BoxEnv<T>> {
    (0..n).map(|_| envs::make(id).unwrap().typed().unwrap()).collect()
}

#[test]
fn the_checksum_is_that_of_the_same_actions_through_single_environments() {
    let args = |env, n, threads| ["--env", env, "--num-envs", n, "--threads", threads, "--seed", "3"];
    let expected = checksum_of_singles(singles::<f32>("CartPole-v1", 13), 3);
    for mode in ["exact", "fast"] {
        let line = line(&[&args("CartPole-v1", "13", "2")[..], &["--mode", mode]].concat());
        assert_eq!((line["checksum"].as_str(), line["mode"].as_str()), (Some(expected.as_str()), Some("exact")));
    }
    let expected = checksum_of_singles(singles::<f64>("InvertedPendulum-v5", 10), 3);
    assert_eq!(line(&args("InvertedPendulum-v5", "10", "1"))["checksum"], expected);
}

#[cfg(feature = "atari")]
#[test]
fn pongs_checksum_is_that_of_its_frame_differences() {
    use envs::{
        TimeLimit,
        atari::{Atari, AtariConfig, ObsType},
    };
    use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};

    let config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id("Pong").unwrap() };
    let env = || {
        let frames = Atari::new(&config).unwrap();
        let differences = FrameDifference::new(frames, FrameFormat::Palette, &DifferenceConfig::default()).unwrap();
        Box::new(TimeLimit::new(differences, None)) as BoxEnv<i8>
    };
    let line = line(&["--env", "Pong", "--num-envs", "2", "--threads", "2"]);
    assert_eq!(line["checksum"], checksum_of_singles(vec![env(), env()], 0));
    let [steps, frames] = ["steps_per_second", "raw_frames_per_second"].map(|rate| line[rate].as_f64().unwrap());
    assert!((frames / steps - 4.0).abs() < 0.01, "{frames} frames in {steps} steps");
}

#[test]
fn a_mode_that_does_not_exist_is_a_usage_error() {
    let output = throughput(&["--env", "CartPole-v1", "--mode", "sloppy"]);
    assert_eq!(output.status.code(), Some(2));
}
