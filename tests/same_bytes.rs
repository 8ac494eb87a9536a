//! A run's bytes depend on its version, its config and its seed: not on the processor's vector instructions, not on the
//! number of threads, not on what libtorch and MKL are told to use.
//!
//! `tests/golden/same_bytes.txt` has the hash of each short run below. The hashes hold on every x86-64 processor with AVX2.
//! After an intended change of arithmetic `make record-hashes` writes them anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};

/// Names and flags of the runs.
const RUNS: [(&str, &str); 12] = [
    ("cartpole", "--env CartPole-v1 --epochs 6"),
    ("cartpole-norm-obs", "--env CartPole-v1 --epochs 3 --norm-obs true --norm-reward true"),
    ("cartpole-minibatches", "--env CartPole-v1 --epochs 3 --minibatch 100"),
    ("cartpole-shared-trunk", "--env CartPole-v1 --epochs 3 --shared-trunk true --entropy 0.01 --max-grad-norm 0.5"),
    ("cartpole-rmsprop", "--env CartPole-v1 --epochs 3 --optimizer rmsprop --activation relu"),
    ("pendulum", "--env InvertedPendulum-v4 --epochs 3"),
    ("pendulum-norm-obs", "--env InvertedPendulum-v5 --epochs 3 --norm-obs true --entropy 0.001"),
    ("cartpole-reinforce", "--preset cartpole-reinforce --epochs 40"),
    ("pendulum-lightning", "--preset pendulum-lightning --epochs 2"),
    ("spinning-up", "--preset spinning-up --env CartPole-v1 --epochs 2"),
    #[cfg(feature = "atari")]
    ("pong", "--env Pong --epochs 12"),
    #[cfg(feature = "atari")]
    ("pong-blog", "--preset pong-blog --epochs 1 --episodes-per-epoch 2 --num-envs 2"),
];

/// Whatever might change a run's arithmetic, and must not.
const SURROUNDINGS: [(&str, &str); 12] = [
    ("ATEN_CPU_CAPABILITY", "avx2"),
    ("ATEN_CPU_CAPABILITY", "avx512"),
    ("MKL_ENABLE_INSTRUCTIONS", "AVX2"),
    ("MKL_ENABLE_INSTRUCTIONS", "SSE4_2"),
    ("MKL_CBWR", "COMPATIBLE"),
    ("OMP_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "8"),
    ("RAYON_NUM_THREADS", "1"),
    ("RAYON_NUM_THREADS", "5"),
    ("VPG_TEST_SIMD", "plain"),
    ("VPG_TEST_SIMD", "avx2"),
    ("VPG_TEST_SIMD", "avx512"),
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/same_bytes.txt")
}

/// Trains, and hashes the newest policy, the log and the episodes, without times.
fn hash(flags: &str, more: &str, variable: Option<(&str, &str)>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut vpg = Command::new(env!("CARGO_BIN_EXE_vpg"));
    vpg.args(flags.split(' ')).args(more.split_whitespace()).arg("--run-dir").arg(&run).current_dir(folder.path());
    vpg.envs(variable).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(vpg.status().unwrap().success(), "{flags}");
    let read = |name: &str| fs::read(run.join(name)).unwrap();
    let mut hasher = Sha256::new();
    hasher.update(read("checkpoints/latest.safetensors"));
    for table in ["progress.txt", "episodes.csv"] {
        hasher.update(without_times(&String::from_utf8(read(table)).unwrap()));
    }
    hasher.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The table without the columns that tell the time.
fn without_times(table: &str) -> String {
    let separator = if table.contains('\t') { '\t' } else { ',' };
    let header: Vec<&str> = table.lines().next().unwrap_or("").split(separator).collect();
    let kept = |(i, _): &(usize, &str)| !["Time", "seconds"].contains(&header[*i]);
    let rows = table.lines().map(|row| {
        let cells: Vec<&str> = row.split(separator).enumerate().filter(kept).map(|(_, cell)| cell).collect();
        cells.join(",") + "\n"
    });
    rows.collect()
}

fn recorded() -> BTreeMap<String, String> {
    let text = fs::read_to_string(golden()).unwrap_or_default();
    let line = |line: &str| line.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    text.lines().filter_map(line).collect()
}

#[test]
fn short_runs_have_the_recorded_bytes() {
    let hashes: BTreeMap<_, _> =
        RUNS.iter().map(|(name, flags)| ((*name).to_owned(), hash(flags, "--seed 3", None))).collect();
    if std::env::var_os("VPG_RECORD_HASHES").is_some() {
        let text: String = hashes.iter().map(|(name, hash)| format!("{name} {hash}\n")).collect();
        fs::write(golden(), text).unwrap();
    }
    let recorded = recorded();
    for (name, hash) in &hashes {
        assert_eq!(recorded.get(name), Some(hash), "{name} is another run than the recorded one");
    }
}

#[test]
fn neither_instructions_nor_variables_nor_threads_move_a_bit() {
    let recorded = recorded();
    for (name, flags) in RUNS {
        for variable in SURROUNDINGS {
            assert_eq!(recorded.get(name), Some(&hash(flags, "--seed 3", Some(variable))), "{name} with {variable:?}");
        }
        for threads in ["--threads 1", "--threads 2", "--threads 8"] {
            let more = format!("--seed 3 {threads}");
            assert_eq!(recorded.get(name), Some(&hash(flags, &more, None)), "{name} with {threads}");
        }
    }
}
