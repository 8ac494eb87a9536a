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
        .stderr(Stdio::null())
        .spawn()
        .expect("vpg starts")
}

fn wait(mut child: Child) {
    assert!(child.wait().unwrap().success());
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
fn a_killed_pendulum_run_ends_as_if_it_had_never_been_killed() {
    compare("--env InvertedPendulum --epochs 150 --save-freq 50", &[120, 253, 333]);
}

#[cfg(feature = "atari")]
#[test]
fn a_killed_pong_run_ends_as_if_it_had_never_been_killed() {
    compare("--env ALE/Pong-v5 --epochs 12 --num-envs 4 --steps-per-epoch 128 --hid 16", &[400, 900, 1300]);
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
