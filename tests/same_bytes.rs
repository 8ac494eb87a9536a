//! A run's bytes depend on its version, its config and its seed: not on the processor's vector instructions, not on the
//! number of threads, not on what libtorch and MKL are told to use.
//!
//! `tests/golden/same_bytes.txt` has the hash of each short run below. The hashes hold on every x86-64 processor with AVX2.
//! After an intended change of arithmetic `make record-hashes` writes them anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

/// Names and flags of the runs.
const RUNS: &[(&str, &str)] = &[
    ("cartpole", "--env CartPole-v1 --epochs 6"),
    ("cartpole-norm-obs", "--env CartPole-v1 --epochs 3 --norm-obs --norm-reward"),
    ("cartpole-minibatches", "--env CartPole-v1 --epochs 3 --minibatch 100"),
    ("cartpole-shared-trunk", "--env CartPole-v1 --epochs 3 --shared-trunk --entropy 0.01 --max-grad-norm 0.5"),
    ("cartpole-rmsprop", "--env CartPole-v1 --epochs 3 --optimizer rmsprop --activation relu"),
    ("pendulum", "--env InvertedPendulum-v4 --epochs 3"),
    ("pendulum-norm-obs", "--env InvertedPendulum-v5 --epochs 3 --norm-obs --entropy 0.001"),
    ("cartpole-reinforce", "--preset cartpole-reinforce --epochs 40"),
    ("pendulum-lightning", "--preset pendulum-lightning --epochs 2"),
    ("spinning-up", "--preset spinning-up --env CartPole-v1 --epochs 2"),
    #[cfg(feature = "atari")]
    ("pong", "--env Pong --epochs 12"),
    // As many actions as a vector holds, and more.
    #[cfg(feature = "atari")]
    ("eighteen-actions", "--env ALE/Boxing-v5 --epochs 3"),
    #[cfg(feature = "atari")]
    ("eighteen-actions-minibatches", "--env ALE/Boxing-v5 --epochs 2 --steps-per-epoch 1024 --minibatch 300"),
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

/// What a run leaves: the hash of its newest policy, its log and its episodes, without times; and that of the state that
/// it can be resumed from.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    results: String,
    state: String,
}

fn train(flags: &str, more: &str, variable: Option<(&str, &str)>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut vpg = Command::new(env!("CARGO_BIN_EXE_vpg"));
    vpg.args(flags.split(' ')).args(more.split_whitespace()).arg("--run-dir").arg(&run).current_dir(folder.path());
    let output = vpg.args(["--seed", "3"]).envs(variable).output().unwrap();
    assert!(output.status.success(), "{flags}: {}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| fs::read(run.join(name)).unwrap();
    let mut results = read("checkpoints/latest.safetensors");
    for table in ["progress.txt", "episodes.csv"] {
        results.extend(without_times(&String::from_utf8(read(table)).unwrap()).into_bytes());
    }
    let mut states: Vec<_> = fs::read_dir(&run).unwrap().map(|file| file.unwrap().path()).collect();
    states.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("resume-"));
    states.sort();
    assert!(!states.is_empty(), "{flags}: a run leaves a state");
    let state: Vec<u8> = states.iter().flat_map(|path| fs::read(path).unwrap()).collect();
    Outcome { results: hash(&results), state: hash(&state) }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
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
fn short_runs_have_the_recorded_bytes_whatever_surrounds_them() {
    let plain: Vec<Outcome> = RUNS.iter().map(|(_, flags)| train(flags, "", None)).collect();
    if std::env::var_os("VPG_RECORD_HASHES").is_some() {
        let text: String =
            RUNS.iter().zip(&plain).map(|((name, _), run)| format!("{name} {}\n", run.results)).collect();
        fs::write(golden(), text).unwrap();
    }
    let recorded = recorded();
    for ((name, _), outcome) in RUNS.iter().zip(&plain) {
        assert_eq!(recorded.get(*name), Some(&outcome.results), "{name} is another run than the recorded one");
    }

    let can_be = |variable: &(&str, &str)| has_avx512() || *variable != ("ATEN_CPU_CAPABILITY", "avx512");
    let variables = SURROUNDINGS.into_iter().filter(can_be).map(|variable| ("", Some(variable)));
    let threads = ["--threads 1", "--threads 2", "--threads 8"].map(|flag| (flag, None));
    let surroundings: Vec<_> = variables.chain(threads).collect();
    // Runs of half of the surroundings on each of two threads.
    std::thread::scope(|scope| {
        for half in surroundings.chunks(surroundings.len().div_ceil(2)) {
            scope.spawn(|| {
                for (&(more, variable), ((name, flags), plain)) in
                    half.iter().flat_map(|surrounding| RUNS.iter().zip(&plain).map(move |run| (surrounding, run)))
                {
                    assert_eq!(train(flags, more, variable), *plain, "{name} with {more}{variable:?}");
                }
            });
        }
    });
}

fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl")
}

#[test]
fn instructions_that_the_processor_lacks_are_refused_before_libtorch_uses_them() {
    let mut vpg = Command::new(env!("CARGO_BIN_EXE_vpg"));
    let output = vpg.arg("envs").env("ATEN_CPU_CAPABILITY", "avx512").output().unwrap();
    assert_eq!(output.status.code(), Some(if has_avx512() { 0 } else { 2 }));
    let told = String::from_utf8_lossy(&output.stderr).contains("ATEN_CPU_CAPABILITY = avx512: expected");
    assert_eq!(told, !has_avx512());
}

#[test]
fn a_run_that_is_resumed_with_other_instructions_ends_as_if_it_had_stayed() {
    let folder = tempfile::tempdir().unwrap();
    let vpg = |args: String, level: &str| {
        let mut vpg = Command::new(env!("CARGO_BIN_EXE_vpg"));
        vpg.args(args.split(' ')).env("VPG_TEST_SIMD", level).current_dir(folder.path());
        vpg
    };
    let flags = "--env CartPole-v1 --epochs 300 --seed 3 --run-dir";
    assert!(vpg(format!("{flags} whole"), "avx2").output().unwrap().status.success());
    let mut child = vpg(format!("{flags} pieces"), "plain").spawn().unwrap();
    let progress = folder.path().join("pieces/progress.txt");
    while fs::read_to_string(&progress).map_or(0, |table| table.lines().count()) < 5 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(vpg("--resume pieces".into(), "avx512").output().unwrap().status.success());
    let policy = |run: &str| fs::read(folder.path().join(run).join("checkpoints/latest.safetensors")).unwrap();
    assert!(policy("whole") == policy("pieces"));
}
