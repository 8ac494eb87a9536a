//! Processes that train together compute what one would, stay equal, and lose nothing when one dies.
//!
//! `cargo test -p vpg --features mpi --test mpi`; it needs `mpirun`. More processes than cores and root are allowed.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use vpg::{RunFolder, RunState, STATE_FILES as FILES};

/// One job at a time: processes that wait for each other keep their cores busy.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mpirun(ranks: usize, args: &str) -> Command {
    let mut command = Command::new("mpirun");
    command
        .envs(["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"].map(|name| (name, "1")))
        .args(["--oversubscribe", "-n", &ranks.to_string(), env!("CARGO_BIN_EXE_vpg"), "--mpi", "--threads", "1"])
        .args(args.split_whitespace());
    command
}

fn run(ranks: usize, args: &str) -> Output {
    mpirun(ranks, args).output().expect("mpirun starts")
}

fn trained(ranks: usize, args: &str) {
    let output = run(ranks, args);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn state(run: &Path) -> RunState {
    let (folder, config) = RunFolder::open(run).unwrap();
    RunState::read(&folder, &config).unwrap().state.unwrap()
}

/// Relative to the largest of `expected`.
fn distance(ours: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0, |max: f32, x| max.max(x.abs()));
    ours.iter().zip(expected).fold(0.0, |max: f32, (a, b)| max.max((a - b).abs())) / largest
}

/// Adam's first moments after its first step are a tenth of the gradients.
#[test]
fn the_first_gradients_of_four_processes_are_those_of_one_with_all_environments() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    for (env, name) in [("CartPole", "cartpole"), ("InvertedPendulum", "pendulum")] {
        let states = [1, 4].map(|ranks| {
            let path = folder.path().join(format!("{name}-{ranks}"));
            let args = "--epochs 1 --num-envs 16 --steps-per-epoch 1024 --train-v-iters 1";
            trained(ranks, &format!("--env {env} {args} --run-dir {}", path.display()));
            state(&path)
        });
        let [one, four] = &states;
        assert_eq!(one.envs, four.envs, "{env}: the same environments took the same actions");
        assert_eq!((&one.episodes, &one.summary), (&four.episodes, &four.summary));
        let pairs = [
            (&one.learner.pi_optimizer, &four.learner.pi_optimizer),
            (&one.learner.v_optimizer, &four.learner.v_optimizer),
        ];
        for (one, four) in pairs.iter().flat_map(|(one, four)| one.moments.iter().zip(&four.moments)) {
            assert!(one.first.iter().any(|&x| x != 0.0));
            assert!(distance(&four.first, &one.first) < 1e-5, "{env}: {}", distance(&four.first, &one.first));
        }
    }
}

#[test]
fn four_processes_solve_cartpole() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    trained(4, &format!("--env CartPole-v1 --run-dir {}", path.display()));
    assert!(state(&path).summary.solved);
}

#[test]
fn processes_whose_episodes_do_not_end_in_an_epoch_train_too() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    trained(4, &format!("--env CartPole --epochs 4 --num-envs 4 --steps-per-epoch 16 --run-dir {}", path.display()));
    let table = fs::read_to_string(path.join("progress.txt")).unwrap();
    assert_eq!(table.lines().count(), 5);
    assert!(table.lines().nth(1).unwrap().contains("NaN"), "{table}");
}

#[test]
fn what_fits_no_group_is_refused() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let output = run(3, &format!("--env CartPole --num-envs 32 --run-dir {}", path.display()));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("multiple of the 3 processes"), "{}", stderr(&output));
    assert!(!path.exists());
}

/// The processes that train in this folder, in no order.
fn processes(path: &Path) -> Vec<String> {
    let mine = |id: &String| {
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).into_owned();
        !command.starts_with("mpirun") && command.contains(&path.display().to_string())
    };
    let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    all.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(mine).collect()
}

/// Kills one process and gives what mpirun said.
fn kill_one(mut job: Child, path: &Path) -> String {
    let begun = Instant::now();
    while FILES.iter().any(|name| !path.join(name).exists()) {
        assert!(begun.elapsed() < Duration::from_secs(120), "the training does not begin");
        sleep(Duration::from_millis(5));
    }
    let victim = processes(path).pop().unwrap();
    assert!(Command::new("kill").args(["-KILL", &victim]).status().unwrap().success());
    let killed = Instant::now();
    while job.try_wait().unwrap().is_none() {
        assert!(killed.elapsed() < Duration::from_secs(10), "the job goes on without one of its processes");
        sleep(Duration::from_millis(20));
    }
    let output = job.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert_eq!(processes(path), [""; 0]);
    stderr(&output) + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_dead_process_ends_the_job_and_the_run_goes_on() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let [whole, pieces, fewer] = ["whole", "pieces", "fewer"].map(|name| folder.path().join(name));
    let args = "--env CartPole --epochs 200 --num-envs 8 --steps-per-epoch 512";
    trained(4, &format!("{args} --run-dir {}", whole.display()));
    for path in [&pieces, &fewer] {
        let mut command = mpirun(4, &format!("{args} --run-dir {}", path.display()));
        let job = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = kill_one(job, path);
        assert!(said.contains("signal 9"), "{said}");
    }
    trained(4, &format!("--resume {}", pieces.display()));
    assert!(state(&whole) == state(&pieces), "the resumed run ended otherwise");

    // With another number of processes sums are added up in another order.
    trained(2, &format!("--resume {}", fewer.display()));
    assert_eq!(state(&fewer).epoch, 200);
    let output = Command::new(env!("CARGO_BIN_EXE_vpg")).arg("--resume").arg(&fewer).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}
