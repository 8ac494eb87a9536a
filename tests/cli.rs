//! What a person meets on the command line: files, messages and exit codes of the program itself.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn vpg(args: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_vpg");
    Command::new(program).args(args.split_whitespace()).output().expect("vpg starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn train(args: &str, folder: &Path) -> Output {
    vpg(&format!("--run-dir {} {args}", folder.display()))
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("the file is there")).expect("it is JSON")
}

/// Two epochs of 64 steps.
const SHORT: &str = "--env CartPole-v1 --epochs 2 --steps-per-epoch 64 --num-envs 4 --save-freq 1 --hid 64,64";

#[test]
fn a_run_folder_has_everything_other_programs_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let output = train(SHORT, &run);
    assert!(output.status.success(), "{}", stderr(&output));

    let summary = json(&run.join("summary.json"));
    assert_eq!(summary["env_steps"], 128);
    assert_eq!(summary["raw_frames"], 128);
    assert_eq!(summary["solved"], false);
    assert_eq!(summary["solve_threshold"], 475.0);
    assert!(summary["mean_return_100"].is_null(), "there were fewer than 100 episodes");
    assert_eq!(json(&run.join("config.json"))["env"], "CartPole-v1");

    let table = fs::read_to_string(run.join("progress.txt")).unwrap();
    let columns: Vec<&str> = table.lines().next().unwrap().split('\t').collect();
    let expected = "Epoch AverageEpRet StdEpRet MaxEpRet MinEpRet EpLen AverageVVals StdVVals MaxVVals MinVVals \
                    TotalEnvInteracts LossPi LossV DeltaLossPi DeltaLossV Entropy KL Time";
    assert_eq!(columns, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(table.lines().count(), 3);

    for name in ["policy-1", "policy-2", "latest"] {
        let bytes = fs::read(run.join(format!("checkpoints/{name}.safetensors"))).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("pi.0.weight").unwrap().shape(), [64, 4]);
        assert_eq!(tensors.tensor("v.4.bias").unwrap().shape(), [1]);
    }
    for name in ["rewards.png", "losses.png"] {
        let picture = image::open(run.join(name)).unwrap();
        assert_eq!((picture.width(), picture.height()), (800, 800));
    }
}

#[cfg(feature = "atari")]
#[test]
fn the_profile_says_where_the_time_went() {
    let folder = tempfile::tempdir().unwrap();
    let output = train("--env Pong --frames 8192 --steps-per-epoch 256 --profile", &folder.path().join("run"));
    let text = stderr(&output);
    let line = text.lines().find(|line| line.starts_with("step ")).expect("there is a breakdown");
    let part = |name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!("{name} ")).unwrap_or_else(|| panic!("no {name} in {line}"));
        rest.split_once('(').and_then(|(_, rest)| rest.split_once(" %")).unwrap().0.parse().unwrap()
    };
    let parts = ["step", "preprocess", "act", "learn", "log"].map(part);
    assert!((parts.iter().sum::<f64>() - 100.0).abs() < 0.3, "{line}");
    assert!(parts[0] > parts[1], "the emulator costs more than the differences: {line}");
}

#[test]
fn another_seed_gives_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |seed: u64| {
        let run = folder.path().join(seed.to_string());
        let output = train(&format!("{SHORT} --seed {seed}"), &run);
        assert!(output.status.success(), "{}", stderr(&output));
        fs::read(run.join("checkpoints/latest.safetensors")).unwrap()
    };
    assert_ne!(policy(3), policy(4));
}

#[test]
fn a_budget_of_frames_is_kept_exactly() {
    let folder = tempfile::tempdir().unwrap();
    // More than an epoch, and less than one.
    for frames in [1000, 100] {
        let run = folder.path().join(frames.to_string());
        let output = train(&format!("--env CartPole --frames {frames} --steps-per-epoch 300 --num-envs 4"), &run);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(json(&run.join("summary.json"))["raw_frames"], frames);
    }
}

#[test]
fn a_trained_policy_plays_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    train(SHORT, &run);
    let gif = folder.path().join("play.gif");
    let output = vpg(&format!("eval {} --episodes 3 --gif {}", run.display(), gif.display()));
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Episode 3") && text.contains("3 episodes: mean return"), "{text}");
    assert_eq!(&fs::read(gif).unwrap()[..6], b"GIF89a");
}

#[test]
fn runs_are_compared_in_one_plot() {
    let folder = tempfile::tempdir().unwrap();
    let runs: Vec<String> = (0..2).map(|seed| folder.path().join(format!("{seed}")).display().to_string()).collect();
    for (seed, run) in runs.iter().enumerate() {
        train(&format!("{SHORT} --seed {seed}"), Path::new(run));
    }
    let png = folder.path().join("plot.png");
    let plot = format!("plot {} --out {}", runs.join(" "), png.display());
    let output = vpg(&plot);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(image::open(png).unwrap().width(), 800);

    let output = vpg(&format!("{plot} --y Reward"));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("--y = Reward") && stderr(&output).contains("AverageEpRet"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn continuous_actions_train_too() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let output = train("--env InvertedPendulum-v4 --epochs 2 --steps-per-epoch 128 --num-envs 4", &run);
    assert!(output.status.success(), "{}", stderr(&output));
    let bytes = fs::read(run.join("checkpoints/latest.safetensors")).unwrap();
    assert_eq!(safetensors::SafeTensors::deserialize(&bytes).unwrap().tensor("log_std").unwrap().shape(), [1]);
}

/// A wrong command line ends with 2, one line that names the value, and nothing written.
#[test]
fn wrong_values_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    for (args, named) in [
        ("--env CartPol-v1", "did you mean \"CartPole-v1\""),
        ("--env CartPole --gamma NaN", "gamma = NaN"),
        ("--env CartPole --gamma 1.5", "gamma = 1.5"),
        ("--env CartPole --pi-lr nan", "--pi-lr = nan: expected a finite number"),
        ("--env CartPole --seed -1", "--seed = -1: expected a whole number without a sign"),
        ("--env CartPole --epochs 99999999999999999999", "expected a smaller whole number"),
        ("--env CartPole --actions a", "--actions = a: expected a whole number"),
        ("--env CartPole --from nope", "nope: expected the folder of a run"),
        ("--env CartPole --train-v-iters 18446744073709551615", "train-v-iters = 18446744073709551615: expected"),
        ("--env CartPole --episodes-per-epoch 1000000000000", "from 1 to 100000"),
        ("--env CartPole --epochs 18446744073709551615", "epochs = 18446744073709551615"),
        ("--env CartPole --minibatch 18446744073709551615", "minibatch = 18446744073709551615"),
        ("--env CartPole --max-ep-len 18446744073709551615", "max-ep-len = 18446744073709551615"),
        ("--env CartPole --checkpoint-mb 18446744073709551615", "checkpoint-mb = 18446744073709551615"),
        ("--env CartPole --pi-lr inf", "pi-lr = inf"),
        ("--env CartPole --l 18446744073709551615", "l = 18446744073709551615"),
        ("--env CartPole --l 1000000000", "from 1 to 100"),
        ("--env CartPole --hid 100000,100000", "hid = "),
        ("--env CartPole --l 100 --hid 9000", "hid = 8019000000: expected at most 100 million weights"),
        ("--env CartPole --actions 0,0", "actions = 0: expected indices"),
        #[cfg(feature = "atari")]
        ("--env Pong --num-envs 20000", "num-envs = 20000"),
        #[cfg(feature = "atari")]
        ("--env Pong --steps-per-epoch 10000000", "steps-per-epoch = 10000000: expected an epoch of at most"),
        ("--env CartPole --num-envs 18446744073709551615", "num-envs = 18446744073709551615"),
        ("--env CartPole --num-envs 0", "num-envs = 0"),
        ("--env CartPole --num-envs 99999999999", "num-envs = 99999999999"),
        ("--env CartPole --threads 99999", "threads = 99999"),
        ("--env CartPole --epochs 0", "epochs = 0"),
        ("--env CartPole --hid 64,0", "hid = 0"),
        ("--env CartPole --max-ep-len 0", "max-ep-len = 0"),
        ("--env CartPole --solve-at NaN", "solve-at = NaN"),
        ("--env CartPole --max-grad-norm=-1", "max-grad-norm = -1"),
        ("--env CartPole --minibatch 0", "minibatch = 0"),
        ("--env CartPole --beta1 1", "beta1 = 1"),
        ("--env CartPole --baseline none", "returns = gae: expected total or reward-to-go"),
        ("--env CartPole --loss-per episode", "--whole-episodes"),
        ("--env CartPole --policy cnn", "policy = cnn"),
        ("--env CartPole --device cuda:63", "device = cuda:63"),
        ("--env CartPole --device cuda:63", "docs/install.md"),
        ("--env CartPole --config no.toml", "no.toml"),
        ("--preset pendulum-lightning --env CartPole-v1", "continuous actions"),
        ("--env CartPole --actions 0,7", "actions = 7"),
        ("--env CartPole --stride 4", "stride"),
        ("--env InvertedPendulum --actions 0", "actions"),
        ("--env CartPole --rom pong.bin", "rom"),
    ] {
        let output = train(args, &run);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args}: {text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{args}: {text}");
        assert!(text.contains(named), "{args}: {text}");
        assert!(!run.exists(), "{args} left a folder behind");
    }
}

/// A ROM that cannot serve ends with 2 and one line that names it.
#[cfg(feature = "atari")]
#[test]
fn roms_that_cannot_serve_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let (missing, short, foreign) =
        (folder.path().join("a.bin"), folder.path().join("b.bin"), folder.path().join("c.bin"));
    fs::write(&short, [0; 100]).unwrap();
    fs::write(&foreign, [7; 2048]).unwrap();
    for rom in [&missing, &short, &foreign, &folder.path().to_owned()] {
        let output = train(&format!("--env Pong --rom {}", rom.display()), &run);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.trim_end().lines().count() == 1 && text.contains(&rom.display().to_string()), "{text}");
        assert!(!run.exists());
    }
}

#[test]
fn wrong_flags_end_with_two() {
    for args in ["--env CartPole --gama 0.9", "--env CartPole --epochs -1", "--env CartPole --epochs 1 --frames 1", ""]
    {
        assert_eq!(vpg(args).status.code(), Some(2), "{args}");
    }
}

#[cfg(not(feature = "mpi"))]
#[test]
fn without_mpi_it_is_said_how_to_install_it() {
    let output = vpg("--mpi --env CartPole");
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("apt-get install") && text.contains("--features mpi"), "{text}");
}

#[test]
fn folders_that_cannot_serve_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let output = train(SHORT, &file.join("run"));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("file/run") && stderr(&output).contains("--run-dir"), "{}", stderr(&output));

    let run = folder.path().join("run");
    assert!(train(SHORT, &run).status.success());
    let again = train(SHORT, &run);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("already holds a run"), "{}", stderr(&again));

    let empty = vpg(&format!("eval {}", folder.path().display()));
    assert_eq!(empty.status.code(), Some(1));
    assert!(stderr(&empty).contains("no run folder"), "{}", stderr(&empty));
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    train(SHORT, &run);
    let latest = run.join("checkpoints/latest.safetensors");
    let bytes = fs::read(&latest).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], &[], b"garbage"] {
        fs::write(&latest, damaged).unwrap();
        let output = vpg(&format!("eval {} --episodes 1", run.display()));
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("latest.safetensors"), "{}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_ends_with_130() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let child = Command::new(env!("CARGO_BIN_EXE_vpg"))
        .args("--env CartPole --epochs 1000000 --run-dir".split_whitespace())
        .arg(&run)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begun = || fs::read_to_string(run.join("progress.txt")).is_ok_and(|table| table.lines().count() > 2);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !begun() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = stderr(&output);
    let goes_on = format!("go on with: vpg --resume {}", run.display());
    assert!(said.contains("CartPole: interrupted") && said.ends_with(&format!("{goes_on}\n")), "{said}");
    assert!(json(&run.join("summary.json"))["env_steps"].as_u64().unwrap() > 0);
    assert!(run.join("checkpoints/latest.safetensors").exists());
}

#[test]
fn doctor_and_envs_tell_what_is_there() {
    let doctor = vpg("doctor");
    let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{text}");
    for what in ["vpg", "libtorch", "device", "threads", "Atari"] {
        assert!(text.contains(what), "{text}");
    }
    let envs = String::from_utf8_lossy(&vpg("envs").stdout).into_owned();
    assert!(envs.contains("CartPole-v1") && envs.contains("InvertedPendulum-v5"), "{envs}");
}
