//! A run that is killed and resumed ends exactly like one that was never killed.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

fn vpg(args: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_vpg"))
        .args(args.split_whitespace())
        .stderr(Stdio::piped())
        .spawn()
        .expect("vpg starts")
}

fn wait(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// Weights, log, episodes, the length of TensorBoard's events (their times have one length) and summary, without anything
/// that tells the time.
fn outcome(run: &Path) -> (Vec<u8>, Vec<String>, String, u64, serde_json::Value) {
    let table = fs::read_to_string(run.join("progress.txt")).unwrap();
    let rows = table.lines().map(|line| line.rsplit_once('\t').unwrap().0.to_owned()).collect();
    let mut summary: serde_json::Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    for time in ["wall_seconds", "solved_at_seconds"] {
        summary.as_object_mut().unwrap().remove(time);
    }
    let episodes = fs::read_to_string(run.join("episodes.csv")).unwrap();
    let events = fs::metadata(run.join("events.out.tfevents.vpg")).unwrap().len();
    (fs::read(run.join("checkpoints/latest.safetensors")).unwrap(), rows, episodes, events, summary)
}

/// Trains once in one piece, and once killed after each of these milliseconds.
fn compare(args: &str, kills: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    wait(vpg(&format!("{args} --run-dir {}", whole.display())));

    let resume = format!("--resume {}", pieces.display());
    let mut child = vpg(&format!("{args} --run-dir {}", pieces.display()));
    while !pieces.join("config.json").exists() {
        sleep(Duration::from_millis(1));
    }
    for &milliseconds in kills {
        sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        child = vpg(&resume);
    }
    wait(child);
    assert!(outcome(&whole) == outcome(&pieces), "{args}: the resumed run ended otherwise");
}

#[test]
fn a_killed_cartpole_run_ends_as_if_it_had_never_been_killed() {
    compare("--env CartPole --epochs 300 --save-freq 100", &[0, 30, 77, 150, 203, 301]);
}

#[test]
fn killed_runs_of_the_other_classic_tasks_end_as_if_they_had_never_been_killed() {
    for env in ["Acrobot", "MountainCar", "MountainCarContinuous", "Pendulum"] {
        compare(&format!("--env {env} --epochs 40 --num-envs 9 --steps-per-epoch 180 --state-freq 3"), &[30, 60, 120]);
    }
}

/// The newest resume state's bytes, after its magic and checksum.
fn state(run: &Path) -> Vec<u8> {
    let folder = vpg::RunFolder::new(run);
    let (_, config) = vpg::RunFolder::open(run).unwrap();
    let found = vpg::RunState::read(&folder, &config).unwrap();
    assert_eq!(found.warnings, [""; 0]);
    fs::read(run.join(vpg::STATE_FILES[found.file])).unwrap()
}

#[test]
fn a_state_is_written_at_every_epochs_end_or_as_often_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    for (state_freq, expected) in [(1, [6, 7]), (3, [6, 7]), (4, [4, 7])] {
        let run = folder.path().join(state_freq.to_string());
        wait(vpg(&format!("--env CartPole --epochs 7 --state-freq {state_freq} --run-dir {}", run.display())));
        let (run_folder, config) = vpg::RunFolder::open(&run).unwrap();
        let read = || vpg::RunState::read(&run_folder, &config).unwrap();
        let newest = read();
        fs::remove_file(run.join(vpg::STATE_FILES[newest.file])).unwrap();
        assert_eq!([read(), newest].map(|found| found.state.unwrap().epoch), expected, "every {state_freq}");
    }
}

/// Everything a run's future depends on, weights, optimizers, generators and environments included, and its log are the
/// same bytes for any number of threads and in any folder.
fn compare_threads(args: &str) {
    let folder = tempfile::tempdir().unwrap();
    let run = |threads: u32| {
        let run = folder.path().join(threads.to_string());
        wait(vpg(&format!("{args} --threads {threads} --run-dir {}", run.display())));
        (state(&run), outcome(&run))
    };
    let one = run(1);
    assert!(run(2) == one, "{args}: two threads differ from one");
    assert!(run(8) == one, "{args}: eight threads differ from one");
}

#[test]
fn cartpole_is_the_same_on_any_number_of_threads() {
    compare_threads("--env CartPole --epochs 4 --num-envs 32 --steps-per-epoch 2048");
}

#[test]
fn the_other_classic_tasks_are_the_same_on_any_number_of_threads() {
    for env in ["Acrobot", "MountainCar", "MountainCarContinuous", "Pendulum"] {
        compare_threads(&format!("--env {env} --epochs 4 --num-envs 33 --steps-per-epoch 1024"));
    }
}

#[test]
fn the_pendulum_is_the_same_on_any_number_of_threads() {
    compare_threads("--env InvertedPendulum --epochs 4 --num-envs 33 --steps-per-epoch 1024");
}

#[cfg(feature = "atari")]
#[test]
fn pong_is_the_same_on_any_number_of_threads() {
    compare_threads("--env ALE/Pong-v5 --epochs 2 --num-envs 9 --steps-per-epoch 576");
}

#[cfg(feature = "ale")]
#[test]
fn pong_on_ale_is_the_same_on_any_number_of_threads() {
    compare_threads("--env ALE/Pong-v5 --backend ale --epochs 2 --num-envs 9 --steps-per-epoch 576");
}

#[test]
fn a_killed_pendulum_run_ends_as_if_it_had_never_been_killed() {
    compare("--env InvertedPendulum --epochs 150 --save-freq 50 --state-freq 7", &[120, 253, 333]);
}

#[cfg(feature = "atari")]
#[test]
fn a_killed_pong_run_ends_as_if_it_had_never_been_killed() {
    compare("--env ALE/Pong-v5 --epochs 12 --num-envs 4 --steps-per-epoch 128 --hid 16", &[400, 900, 1300]);
}

#[cfg(feature = "ale")]
#[test]
fn a_killed_pong_run_on_ale_ends_as_if_it_had_never_been_killed() {
    let args = "--env ALE/Pong-v5 --backend ale --epochs 12 --num-envs 4 --steps-per-epoch 128 --hid 16";
    compare(args, &[400, 900, 1300]);
}

#[test]
fn a_damaged_state_is_noticed_and_the_other_used() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    wait(vpg(&format!("--env CartPole --epochs 4 --run-dir {}", run.display())));
    let expected = outcome(&run);
    for name in ["resume-0.bin", "resume-1.bin"] {
        let bytes = fs::read(run.join(name)).unwrap();
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 1;
        fs::write(run.join(name), damaged).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_vpg")).arg("--resume").arg(&run).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains(name) && text.contains("checksum"), "{text}");
        assert!(outcome(&run) == expected);
        fs::write(run.join(name), bytes).unwrap();
    }
}

/// Resumes, expecting failure, and gives what was said.
fn refused(run: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_vpg")).arg("--resume").arg(run).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_goes_on_only_with_its_own_config_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    wait(vpg(&format!("--env CartPole --epochs 4 --run-dir {}", run.display())));
    let damaged = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(run.join(name)).unwrap();
        assert!(text.contains(from));
        fs::write(run.join(name), text.replacen(from, to, 1)).unwrap();
        let said = refused(&run);
        fs::write(run.join(name), text).unwrap();
        assert!(said.contains(name), "{said}");
        said
    };
    assert!(damaged("config.json", "\"gamma\": 0.99", "\"gamma\": 0.98").contains("gamma = 0.99"));
    assert!(damaged("config.json", "\"num_envs\": 32", "\"num_envs\": 0").contains("num-envs = 0"));
    damaged("progress.txt", "\n2\t", "\n3\t");
    damaged("progress.txt", "\n4\t", "");
    wait(vpg(&format!("--resume {}", run.display())));
}

#[test]
fn two_processes_do_not_train_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut first = vpg(&format!("--env CartPole --epochs 1000000 --run-dir {}", run.display()));
    while !run.join("resume-0.bin").exists() {
        sleep(Duration::from_millis(10));
    }
    assert!(refused(&run).contains("another vpg"));
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn policies_stay_and_what_a_kill_left_half_written_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    wait(vpg(&format!("--env CartPole --epochs 4 --save-freq 1 --run-dir {}", run.display())));
    let expected = outcome(&run);
    for name in ["resume-0.bin.tmp", "checkpoints/latest.safetensors.tmp", "summary.json.tmp"] {
        fs::write(run.join(name), "half").unwrap();
    }
    wait(vpg(&format!("--resume {}", run.display())));
    assert!(outcome(&run) == expected);
    for epoch in 1..=4 {
        assert!(run.join(format!("checkpoints/policy-{epoch}.safetensors")).exists());
    }
}

#[test]
fn a_run_that_was_killed_as_soon_as_it_had_its_config_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    wait(vpg(&format!("--env CartPole --epochs 3 --run-dir {}", whole.display())));
    fs::create_dir(&killed).unwrap();
    fs::copy(whole.join("config.json"), killed.join("config.json")).unwrap();
    wait(vpg(&format!("--resume {}", killed.display())));
    assert!(outcome(&killed) == outcome(&whole));
}

#[test]
fn folders_without_a_state_start_over_and_without_a_config_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    wait(vpg(&format!("--env CartPole --epochs 3 --run-dir {}", run.display())));
    let expected = outcome(&run);
    for name in ["resume-0.bin", "resume-1.bin", "progress.txt", "summary.json"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    wait(vpg(&format!("--resume {}", run.display())));
    assert!(outcome(&run) == expected);

    let output = Command::new(env!("CARGO_BIN_EXE_vpg")).arg("--resume").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no run folder"));
}
