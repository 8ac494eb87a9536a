//! Faults that were reported once, of this program or its peers, each with the value that is right.

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use program::{SHORT, json, run, stderr, succeeds, text, trained, vpg, wait_for_epochs};

#[test]
fn a_config_without_a_value_is_no_config() {
    let (_folder, run_dir) = trained(&[]);
    let path = run_dir.join("config.json");
    let whole = json(&path);
    for key in whole.as_object().unwrap().keys().filter(|key| !whole[*key].is_null()) {
        let mut config = whole.clone();
        config.as_object_mut().unwrap().remove(key);
        fs::write(&path, config.to_string()).unwrap();
        let output = run(&["eval", text(&run_dir)]);
        assert_eq!(output.status.code(), Some(1), "{key}");
        assert!(stderr(&output).contains("another version's") && stderr(&output).contains(key), "{}", stderr(&output));
    }
    let mut config = whole.clone();
    config["of_the_future"] = 1.into();
    fs::write(&path, config.to_string()).unwrap();
    assert!(stderr(&run(&["eval", text(&run_dir)])).contains("another version's"));
    fs::write(&path, format!("\u{feff}{whole}")).unwrap();
    succeeds(&["eval", text(&run_dir), "--episodes", "1"]);
    succeeds(&["--config", text(&path), "--run-dir", text(&run_dir.with_file_name("again"))]);
}

/// Name, shape and values.
type Named = (String, Vec<usize>, Vec<f32>);

/// Writes these tensors without metadata, as another program would.
fn write_tensors(path: &Path, tensors: &[Named]) {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let view = |((name, shape, _), bytes): (&Named, &Vec<u8>)| {
        let bytes: &'static [u8] = Box::leak(bytes.clone().into_boxed_slice());
        (name.clone(), safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
    };
    let views: Vec<_> = tensors.iter().zip(&bytes).map(view).collect();
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_checkpoint_is_played_whole_and_finite_or_not_at_all() {
    let (folder, run_dir) = trained(&["--hid", "8"]);
    let bytes = fs::read(run_dir.join("checkpoints/latest.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let whole: Vec<Named> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let values = view.data().chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect();
            (name, view.shape().to_vec(), values)
        })
        .collect();
    let path = folder.path().join("other.safetensors");
    let play = |tensors: &[Named]| {
        write_tensors(&path, tensors);
        run(&["eval", text(&run_dir), "--episodes", "2", "--checkpoint", text(&path)])
    };
    let expected = succeeds(&["eval", text(&run_dir), "--episodes", "2"]).stdout;
    assert_eq!(play(&whole).stdout, expected);
    let alone: Vec<_> = whole.iter().filter(|(name, ..)| name.starts_with("pi.")).cloned().collect();
    assert!(alone.len() < whole.len());
    assert_eq!(play(&alone).stdout, expected, "the policy alone plays");

    let broken = |change: &dyn Fn(&mut Vec<Named>), named: &str| {
        let mut tensors = whole.clone();
        change(&mut tensors);
        let output = play(&tensors);
        assert_eq!(output.status.code(), Some(1), "{named}");
        assert!(stderr(&output).contains(named), "{}", stderr(&output));
    };
    let first = |tensors: &mut Vec<Named>, value: f32| {
        let place = tensors.iter().position(|(name, ..)| name == "pi.0.weight").unwrap();
        tensors[place].2[0] = value;
    };
    broken(&|tensors| first(tensors, f32::NAN), "pi.0.weight has numbers that are not finite");
    broken(&|tensors| first(tensors, f32::INFINITY), "pi.0.weight has numbers that are not finite");
    broken(&|tensors| tensors.push(("pi.4.weight".into(), vec![1], vec![0.0])), "pi.4.weight");
    broken(&|tensors| tensors.retain(|(name, ..)| name != "pi.2.bias"), "pi.2.bias");
}

#[test]
fn the_lower_limit_of_an_episode_counts() {
    let (_folder, run_dir) = trained(&["--max-ep-len", "10000", "--hid", "8"]);
    assert_eq!(json(&run_dir.join("config.json"))["max_ep_len"], 10_000);
    let report = succeeds(&["eval", text(&run_dir), "--episodes", "20", "--max-ep-len", "7", "--json"]).stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["max_return"], 7.0);
}

#[test]
fn two_seeds_evaluate_different_episodes() {
    let (_folder, run_dir) = trained(&["--hid", "8"]);
    let lengths = |seed: &str| {
        let out = succeeds(&["eval", text(&run_dir), "--episodes", "32", "--seed", seed, "--deterministic", "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let episodes = report["episodes"].as_array().unwrap().clone();
        episodes.iter().map(|episode| episode["length"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (a, b) = (lengths("10001"), lengths("10002"));
    assert_ne!(a[1..], b[..31], "the second's first is not the first's second");
    assert_eq!(a, lengths("10001"));
}

/// Whatever reads the output goes away: training goes on to its end.
#[cfg(unix)]
#[test]
fn a_closed_output_ends_no_training() {
    let folder = tempfile::tempdir().unwrap();
    for preset in ["spinning-up", "pendulum-lightning", "cartpole-reinforce"] {
        let run_dir = folder.path().join(preset);
        let mut command = vpg();
        command.args(["--preset", preset, "--epochs", "12", "--max-ep-len", "40", "--run-dir", text(&run_dir)]);
        if preset != "cartpole-reinforce" {
            command.args(["--steps-per-epoch", "64", "--save-freq", "12"]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{preset}");
        assert_eq!(fs::read_to_string(run_dir.join("progress.txt")).unwrap().lines().count(), 13, "{preset}");
    }
    let out = folder.path().join("grid");
    let mut grid = vpg();
    grid.args(["grid", text(&out), "--seeds", "0 1", "--"]).args(SHORT);
    let mut child = grid.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(out.join("default/seed-1/summary.json").exists(), "seeds may have spaces between them");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_folder_needs_no_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let (folder, run_dir) = trained(&[]);
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"r\xffn"));
    fs::rename(run_dir, &odd).unwrap();
    for tool in [&["eval", "--json"][..], &["record", "--max-frames", "2"], &["plot", "--out", "/dev/null/x.svg"]] {
        let output = vpg().arg(tool[0]).arg(&odd).args(&tool[1..]).output().unwrap();
        assert!(!stderr(&output).contains("panicked"), "{tool:?}: {}", stderr(&output));
        assert!(tool[0] == "plot" || output.status.success(), "{tool:?}: {}", stderr(&output));
    }
}

#[cfg(unix)]
mod signals {
    use super::*;

    /// A long run that has begun. `before` comes before the program in a shell.
    fn begin(run_dir: &Path, before: &str) -> Child {
        let program = env!("CARGO_BIN_EXE_vpg");
        let line = format!("{before} exec {program} --env CartPole --epochs 1000000 --run-dir {}", text(run_dir));
        let child = Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).spawn().unwrap();
        wait_for_epochs(run_dir, 2);
        child
    }

    fn send(child: &Child, signal: &str) {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }

    #[test]
    fn a_signal_that_was_ignored_at_the_start_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        for (name, signal) in [("HUP", "-HUP"), ("INT", "-INT")] {
            let run_dir = folder.path().join(name);
            let mut child = begin(&run_dir, &format!("trap '' {name};"));
            send(&child, signal);
            let logged = fs::read_to_string(run_dir.join("progress.txt")).unwrap().lines().count();
            wait_for_epochs(&run_dir, logged + 3);
            assert!(child.try_wait().unwrap().is_none(), "{name} ended it");
            send(&child, "-TERM");
            assert_eq!(child.wait().unwrap().code(), Some(130));
        }
    }

    #[test]
    fn two_signals_at_once_are_one_wish_to_save_and_end() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..4 {
            let run_dir = folder.path().join(round.to_string());
            let mut child = begin(&run_dir, "");
            send(&child, "-TERM");
            std::thread::sleep(Duration::from_millis(10));
            send(&child, "-TERM");
            assert_eq!(child.wait().unwrap().code(), Some(130), "not a crash");
            assert!(json(&run_dir.join("summary.json"))["env_steps"].as_u64().unwrap() > 0);
        }
    }

    /// Of a policy that plays long episodes.
    const PENDULUM: [&str; 9] =
        ["--env", "Pendulum", "--epochs", "9", "--steps-per-epoch", "32", "--num-envs", "2", "--save-freq=1"];

    #[test]
    fn a_stop_while_pictures_are_drawn_or_episodes_played_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let (run_dir, demo) = (folder.path().join("run"), folder.path().join("demo"));
        succeeds(&[&PENDULUM[..], &["--run-dir", text(&run_dir)]].concat());
        let preset = [&["--preset", "pendulum-lightning", "--run-dir", text(&demo)], &PENDULUM[..]].concat();
        let gif = folder.path().join("play.gif");
        let eval = ["eval", text(&run_dir), "--episodes", "1000000", "--gif", text(&gif)];
        let part = |run: &Path| run.join("grid.gif.part");
        for (args, begun, said) in [
            (&eval[..], &gif, "of 1000000 episodes ended"),
            (&["record", text(&run_dir), "--grid"], &part(&run_dir), "grid.gif was not written: interrupted"),
            (&preset, &part(&demo), "no demo was drawn; `vpg record"),
        ] {
            let child = vpg().args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let deadline = Instant::now() + Duration::from_secs(100);
            while !begun.exists() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            send(&child, "-TERM");
            let sent = Instant::now();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(130), "{args:?}: {}", stderr(&output));
            assert!(sent.elapsed() < Duration::from_secs(2), "{args:?}");
            assert!(
                stderr(&output).contains(said) && stderr(&output).ends_with("interrupted\n"),
                "{}",
                stderr(&output)
            );
        }
        assert!(demo.join("summary.json").exists(), "the run is finished");
        assert!(!part(&demo).exists() && !part(&run_dir).exists() && !run_dir.join("grid.gif").exists());
    }

    #[test]
    fn a_grid_that_is_killed_leaves_nobody_training() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("grid");
        let mut grid = vpg();
        grid.args(["grid", text(&out), "--seeds", "0", "--", "--env", "CartPole", "--epochs", "1000000"]);
        let mut child = grid.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let run_dir = out.join("default/seed-0");
        wait_for_epochs(&run_dir, 2);
        child.kill().unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !run_dir.join("summary.json").exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(run_dir.join("summary.json").exists(), "its run saved and ended");
    }
}

#[test]
fn runs_that_begin_in_the_same_second_get_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let start = |args: &[&str]| vpg().current_dir(folder.path()).args(SHORT).args(args).stderr(Stdio::piped()).spawn();
    let children: Vec<Child> = ["0", "1", "2", "3"].iter().map(|seed| start(&["--seed", seed]).unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let runs: Vec<PathBuf> =
        fs::read_dir(folder.path().join("runs/CartPole")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(runs.len(), 4);
    let mut seeds: Vec<u64> = runs.iter().map(|run| json(&run.join("config.json"))["seed"].as_u64().unwrap()).collect();
    seeds.sort_unstable();
    assert_eq!(seeds, [0, 1, 2, 3]);

    // Of several with one --run-dir one trains; its config and log belong together.
    for round in 0..5 {
        let one = format!("one-{round}");
        let children: Vec<Child> =
            ["5", "6", "7"].iter().map(|seed| start(&["--seed", seed, "--run-dir", &one]).unwrap()).collect();
        let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
        let path = folder.path().join(one);
        assert_eq!(json(&path.join("config.json"))["seed"], json(&path.join("summary.json"))["seed"]);
    }
}

#[test]
fn what_an_earlier_run_left_is_not_written_over() {
    let (_folder, run_dir) = trained(&[]);
    fs::remove_file(run_dir.join("config.json")).unwrap();
    let before = fs::read(run_dir.join("progress.txt")).unwrap();
    let output = run(&[&SHORT[..], &["--run-dir", text(&run_dir)]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("progress.txt") && stderr(&output).contains("--run-dir"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("--resume"), "there is no run to go on with: {}", stderr(&output));
    assert_eq!(fs::read(run_dir.join("progress.txt")).unwrap(), before);
}

#[test]
fn a_grid_refuses_what_would_share_a_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let grid = |args: &[&str], flags: &[&str]| {
        run(&[&["grid", text(&folder.path().join("grid"))], args, &["--"], &SHORT[..], flags].concat())
    };
    for (args, flags, named) in [
        (&["--seeds", "0,0"][..], &[][..], "there twice"),
        (&["--vary", "hid=8 8"], &[], "there twice"),
        (&["--vary", "pi-lr=1e-3 0.001"], &[], "are one run"),
        (&["--seeds", "0"], &["--exp-name", "x"], "--exp-name"),
        (&["--seeds", "0"], &["--seed=3"], "--seed"),
    ] {
        let output = grid(args, flags);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{args:?}: {}", stderr(&output));
    }
    assert!(grid(&["--vary", "pi_lr=1e-2 1e-3", "--seeds", "0"], &[]).status.success(), "underscores are hyphens");
}

#[test]
fn an_experiments_name_stays_below_runs() {
    for name in ["../../x", "a/b", ".."] {
        let output = run(&[&SHORT[..], &["--exp-name", name]].concat());
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains("--run-dir"), "{}", stderr(&output));
    }
}

#[test]
fn a_policy_trained_on_a_gpu_plays_and_plots_without_one() {
    let (folder, run_dir) = trained(&[]);
    let path = run_dir.join("config.json");
    let mut config = json(&path);
    config["device"] = "cuda:7".into();
    fs::write(&path, config.to_string()).unwrap();
    succeeds(&["eval", text(&run_dir), "--episodes", "1"]);
    succeeds(&["record", text(&run_dir), "--max-frames", "2"]);
    succeeds(&["plot", text(&run_dir), "--out", text(&folder.path().join("plot.svg"))]);
}

#[test]
fn a_run_that_was_extended_is_the_longer_run() {
    let args = |epochs: &str| {
        let (folder, path) = trained(&["--hid", "8"]);
        let longer = path.with_file_name("longer");
        let flags = [&SHORT[..2], &["--epochs", epochs], &SHORT[4..], &["--hid", "8"]].concat();
        succeeds(&[&flags[..], &["--run-dir", text(&longer)]].concat());
        (folder, path, longer)
    };
    let (_folder, run_dir, longer) = args("5");
    let times = |run: &Path| {
        let table = fs::read_to_string(run.join("progress.txt")).unwrap();
        table.lines().skip(1).map(|row| row.rsplit('\t').next().unwrap().parse::<f64>().unwrap()).collect::<Vec<_>>()
    };
    std::thread::sleep(Duration::from_millis(300)); // what passed between two processes is not the run's
    succeeds(&["--resume", text(&run_dir), "--epochs", "5"]);
    let same = |name: &str| {
        assert!(fs::read(run_dir.join(name)).unwrap() == fs::read(longer.join(name)).unwrap(), "{name} differs");
    };
    let names = ["checkpoints/latest.safetensors", "episodes.csv", "resume-0.bin", "resume-1.bin", "config.json"];
    names.into_iter().for_each(same);
    let seconds = times(&run_dir);
    assert_eq!(seconds.len(), 5);
    assert!(seconds.windows(2).all(|pair| pair[0] <= pair[1]), "time goes on: {seconds:?}");

    // A finished run that is resumed keeps what it came to, to the byte.
    let summary = run_dir.join("summary.json");
    let (before, bytes) = (json(&summary), fs::read(&summary).unwrap());
    assert!(before["wall_seconds"].as_f64().unwrap() >= seconds[4]);
    succeeds(&["--resume", text(&run_dir)]);
    assert!(fs::read(&summary).unwrap() == bytes);

    // Every other flag is refused by its name, and what decides nothing is taken.
    for (flags, named) in [
        (&["--pi-lr", "1"][..], "--pi-lr"),
        (&["--seed", "9"], "--seed"),
        (&["--epochs", "9", "--hid", "4"], "--hid"),
        (&["--save-freq", "3"], "--save-freq"),
        (&["--epochs", "4"], "--epochs = 4: expected at least 5"),
        (&["--frames", "300"], "--frames = 300: expected at least 320"),
    ] {
        let output = run(&[&["--resume", text(&run_dir)], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(stderr(&output).contains(named), "{}", stderr(&output));
    }
    succeeds(&["--resume", text(&run_dir), "--threads", "2", "--state-freq", "7", "--profile"]);
}

#[test]
fn a_solved_run_keeps_when_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let args = ["--env", "CartPole", "--num-envs", "4", "--steps-per-epoch", "512", "--solve-at", "15", "--frames"];
    succeeds(&[&args[..], &["20480", "--stop-when-solved", "--run-dir", text(&run_dir)]].concat());
    let before = json(&run_dir.join("summary.json"));
    assert_eq!(before["solved"], true);
    fs::remove_file(run_dir.join("summary.json")).unwrap(); // as after kill -9
    succeeds(&["--resume", text(&run_dir)]);
    let after = json(&run_dir.join("summary.json"));
    assert!(
        (after["solved_at_seconds"].as_f64().unwrap() - before["solved_at_seconds"].as_f64().unwrap()).abs() < 1e-6
    );
    assert_eq!(after["solved_at_frames"], before["solved_at_frames"]);
}

#[test]
fn a_recipe_is_a_config_file_that_runs_what_would_have_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recipe.json");
    fs::write(&file, succeeds(&["recipe", "CartPole"]).stdout).unwrap();
    for (name, args) in [("a", &["--config", text(&file)][..]), ("b", &["--env", "CartPole"])] {
        let run_dir = folder.path().join(name);
        succeeds(&[args, &["--frames", "4096", "--run-dir", text(&run_dir)]].concat());
    }
    let config = |name: &str| fs::read(folder.path().join(name).join("config.json")).unwrap();
    assert_eq!(config("a"), config("b"));
    assert_eq!(run(&["recipe"]).status.code(), Some(2));
    assert!(stderr(&run(&["recipe", "CartPol"])).contains("did you mean"));
}

#[test]
fn a_run_begins_with_what_it_does() {
    let (_folder, run_dir) = trained(&[]);
    let output = run(&[&SHORT[..], &["--run-dir", text(&run_dir.with_file_name("b"))]].concat());
    for begin in
        ["environment: CartPole, 4", "observed: ", "network: hidden layers", "budget: 2 epochs", "solved at: 475"]
    {
        assert!(stderr(&output).lines().any(|line| line.starts_with(begin)), "{begin}: {}", stderr(&output));
    }
    let ends = stderr(&output).lines().rev().take(3).map(str::to_owned).collect::<Vec<_>>();
    assert!(ends[0].starts_with("run folder ") && ends[2] == "CartPole: not solved", "{ends:?}");
    assert!(ends[1].starts_with("last 100 episodes: ") && ends[1].len() < 80, "{ends:?}");
}

#[test]
fn negative_numbers_are_refused_as_values() {
    let output = run(&["--env", "CartPole", "--entropy", "-0.1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("entropy = -0.1: expected"), "{}", stderr(&output));
}
