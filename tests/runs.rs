//! What a run sees, how it is stopped, goes on and begins from another, and what of it stays on the disk.

mod program;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use envs::{Action, BoxEnv, Env, Error, Info, Seed, Space, Step, VecEnv};
use vpg::{Budget, Config, Interrupt, Logger, RunFolder, RunState, Trainer};

use program::{SHORT, json, run, stderr, succeeds, text, trained, vpg, wait_for_epochs};

#[cfg(unix)]
#[test]
fn a_stop_within_an_epoch_of_minutes_is_answered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let collecting = ["--env", "CartPole", "--num-envs", "1", "--steps-per-epoch", "10000000"];
    let learning = ["--env", "CartPole", "--steps-per-epoch", "64", "--train-v-iters", "10000000"];
    for (name, args) in [("collecting", collecting.as_slice()), ("learning", &learning)] {
        let run_dir = folder.path().join(name);
        let mut child = vpg().args(args).args(["--run-dir", text(&run_dir)]).stderr(Stdio::null()).spawn().unwrap();
        while !run_dir.join("events.out.tfevents.vpg").exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        let sent = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let seconds = sent.elapsed().as_secs_f64();
        assert!(seconds < 2.0, "{name}: {seconds} s");
    }
}

/// CartPole, whose steps take a fifth of a second after this many.
struct SlowPole(BoxEnv<f32>, u64);

impl Env for SlowPole {
    type Obs = f32;

    fn observation_space(&self) -> &Space {
        self.0.observation_space()
    }

    fn action_space(&self) -> &Space {
        self.0.action_space()
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, Error> {
        self.0.reset(seed, observation)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
        self.1 = self.1.saturating_sub(1);
        if self.1 == 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.0.step(action, observation)
    }

    fn render(&self) -> Result<image::RgbImage, Error> {
        self.0.render()
    }

    fn render_fps(&self) -> u32 {
        self.0.render_fps()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        self.0.save(state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        self.0.restore(state)
    }
}

/// Trains in this folder, or goes on, until the run is over or stopped: three epochs of 64 steps.
fn train(path: &Path, stop: &Interrupt, quick_steps: u64) {
    let mut config = Config { seed: 4, ..Config::default() };
    config.environment.num_envs = 1;
    (config.budget.limit, config.budget.steps_per_epoch) = (Budget::Epochs(3), 64);
    config.network.hid = vec![8];
    let folder = match path.exists() {
        true => RunFolder::new(path),
        false => RunFolder::create(path, &config).unwrap(),
    };
    let env = SlowPole(envs::make("CartPole-v1").unwrap().typed().unwrap(), quick_steps);
    let mut trainer = Trainer::new(&config, VecEnv::new(vec![Box::new(env) as BoxEnv<f32>], 1).unwrap()).unwrap();
    let found = RunState::read(&folder, &config).unwrap();
    let mut logger = Logger::new(&folder, &found, Box::new(|_| Ok(Vec::new()))).unwrap();
    if let Some(state) = found.state {
        trainer.restore(state).unwrap();
    }
    vpg::train(trainer, Some(&mut logger), stop).unwrap();
}

#[test]
fn a_run_that_was_stopped_within_an_epoch_ends_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    train(&whole, &Interrupt::default(), u64::MAX);

    let stop = Interrupt::default();
    let (wish, run_dir) = (stop.clone(), stopped.clone());
    let stopping = std::thread::spawn(move || {
        wait_for_epochs(&run_dir, 1);
        wish.raise();
    });
    train(&stopped, &stop, 100);
    stopping.join().unwrap();
    assert_eq!(column(&stopped, "Epoch"), [1.0], "the second epoch was given up");
    assert_eq!(json(&stopped.join("summary.json"))["env_steps"], 64);
    assert!(stopped.join("checkpoints/policy-1.safetensors").exists(), "the first one's policy was kept");

    train(&stopped, &Interrupt::default(), u64::MAX);
    for name in ["checkpoints/latest.safetensors", "episodes.csv", "resume-0.bin", "resume-1.bin"] {
        assert!(fs::read(whole.join(name)).unwrap() == fs::read(stopped.join(name)).unwrap(), "{name} differs");
    }
}

/// The config of a game whose frames are held against nothing but its background.
#[cfg(feature = "atari")]
fn against_background(id: &str) -> Config {
    use envs::atari::{Atari, AtariConfig, ObsType};
    let mut config = Config::for_env(id).unwrap();
    let game = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id(id).unwrap() };
    let difference = &mut config.environment.pixels.as_mut().unwrap().difference;
    *difference = difference.seen_in(&mut Atari::new(&game).unwrap(), preprocess::FrameFormat::Palette).unwrap();
    difference.against_first = false;
    config
}

/// What an untrained agent sees in 200 steps: how much of the frame is lit, and how many different differences.
#[cfg(feature = "atari")]
fn seen(config: &Config) -> (f64, usize) {
    let id = &config.environment.id;
    let vpg::AnyVecEnv::I8(mut env) = vpg::make_envs(config, 1, None).unwrap() else { panic!("{id}: differences") };
    let mut actor = vpg::Actor::new(&vpg::networks(config).unwrap());
    let (mut rngs, mut actions) = ([vpg::stream_rng(0, 1, 0)], actor.action_kind().zeros_like(1));
    let mut row = vec![0; 2 * 6400];
    env.reset_into(&Seed::from(7), &mut row).unwrap();
    let (mut lit, mut differences) = (0, std::collections::BTreeSet::new());
    for _ in 0..200 {
        actor.sample(&row, &mut rngs, &mut actions);
        let vpg::ActionRows::Discrete(chosen) = &actions else { panic!("{id}: discrete actions") };
        env.step_into(envs::Actions::Discrete(chosen), &mut row).unwrap();
        let (frame, difference) = row.split_at(6400);
        lit += frame.iter().filter(|cell| **cell != 0).count();
        differences.insert(difference.to_vec());
    }
    (lit as f64 / (200.0 * 6400.0), differences.len())
}

#[cfg(feature = "atari")]
#[test]
fn an_agent_sees_every_game() {
    let ids = envs::registered().into_iter().map(|spec| spec.id).filter(|id| id.starts_with("ALE/"));
    let native = |id: &String| {
        let config = envs::atari::AtariConfig::from_id(id).unwrap();
        config.backend == envs::atari::Backend::Vcs
    };
    let games: Vec<String> = ids.filter(native).collect();
    assert!(games.len() >= 50, "{}", games.len());
    for id in games {
        let (lit, differences) = seen(&against_background(&id));
        println!("{id}: {lit:.4} of the cells, {differences} differences");
        assert!((1e-4..0.9).contains(&lit) && differences > 2, "{id}: {lit} of the cells, {differences} differences");
        let (lit, _) = seen(&Config::for_env(&id).unwrap());
        assert!(lit > 0.0 && lit < 0.9, "{id}: {lit} of the cells by its recipe");
    }
}

/// A column of a run's log.
fn column(run: &Path, name: &str) -> Vec<f64> {
    let table = fs::read_to_string(run.join("progress.txt")).unwrap();
    let place = table.lines().next().unwrap().split('\t').position(|column| column == name).expect(name);
    table.lines().skip(1).map(|row| row.split('\t').nth(place).unwrap().parse().unwrap()).collect()
}

/// The epoch of the largest number, the first of several.
fn best_epoch(means: &[f64]) -> usize {
    let best = means.iter().copied().fold(f64::NAN, f64::max);
    means.iter().position(|mean| *mean == best).unwrap() + 1
}

#[test]
fn the_best_policy_is_that_of_the_highest_mean_of_a_hundred_episodes() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let args =
        ["--env", "CartPole", "--steps-per-epoch", "512", "--save-freq", "1", "--pi-lr", "0.05", "--epochs", "30"];
    succeeds(&[&args[..], &["--run-dir", text(&run_dir)]].concat());
    let episodes = fs::read_to_string(run_dir.join("episodes.csv")).unwrap();
    let numbers = |row: &str| row.split(',').map(|number| number.parse::<f64>().unwrap()).collect::<Vec<_>>();
    let rows: Vec<Vec<f64>> = episodes.lines().skip(1).map(numbers).collect();
    let mean_at = |epoch: usize| {
        let returns: Vec<f64> = rows.iter().filter(|row| row[1] <= epoch as f64).map(|row| row[2]).collect();
        let last = returns.len().checked_sub(100).map(|first| &returns[first..]);
        last.map_or(f64::NAN, |last| last.iter().sum::<f64>() / 100.0)
    };
    let best = best_epoch(&(1..=30).map(mean_at).collect::<Vec<_>>());
    let policy = |name: &str| fs::read(run_dir.join(format!("checkpoints/{name}.safetensors"))).unwrap();
    assert!(policy("best") == policy(&format!("policy-{best}")), "the best is that of epoch {best}");
    let play = |which: &str| succeeds(&["eval", text(&run_dir), "--episodes", "3", "--checkpoint", which]).stdout;
    assert_eq!(play("best"), play(&best.to_string()));
    succeeds(&["record", text(&run_dir), "--checkpoint", "best", "--max-frames", "2"]);

    let (_folder, short) = trained(&[]);
    let output = run(&["eval", text(&short), "--checkpoint", "best"]);
    assert!(stderr(&output).contains("none before 100 episodes have ended"), "{}", stderr(&output));
}

#[cfg(feature = "atari")]
#[test]
fn boxings_value_function_tells_its_frames_apart() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let output = succeeds(&["--env", "ALE/Boxing-v5", "--epochs", "8", "--run-dir", text(&run_dir)]);
    assert!(!stderr(&output).contains("the value function no longer depends"), "{}", stderr(&output));
}

#[test]
fn a_solved_run_goes_on_until_an_evaluation_is_good_enough() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let args = "--env CartPole --solve-at 50 --end-at-eval 200 --eval-every 3 --eval-episodes 5 --eval-deterministic";
    succeeds(&[&args.split(' ').collect::<Vec<_>>()[..], &["--run-dir", text(&run_dir)]].concat());
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run_dir.join("summary.json")).unwrap()).unwrap();
    let solved_after = summary["solved_at_frames"].as_f64().unwrap();
    let evaluations: Vec<_> = column(&run_dir, "TotalEnvInteracts")
        .into_iter()
        .zip(column(&run_dir, "EvalAverageEpRet"))
        .filter(|(_, mean)| !mean.is_nan())
        .collect();
    assert!(evaluations[0].0 >= solved_after, "{evaluations:?} before {solved_after}");
    let (last, before) = evaluations.split_last().unwrap();
    assert!(last.1 >= 200.0 && before.iter().all(|(_, mean)| *mean < 200.0), "{evaluations:?}");
    assert_eq!((summary["env_steps"].as_f64(), summary["eval_return"].as_f64()), (Some(last.0), Some(last.1)));
}

#[test]
fn evaluations_while_training_choose_the_best_and_move_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, evaluated) = (folder.path().join("plain"), folder.path().join("evaluated"));
    let args = ["--env", "CartPole", "--steps-per-epoch", "256", "--epochs", "8", "--save-freq", "1", "--run-dir"];
    succeeds(&[&args[..], &[text(&plain)]].concat());
    succeeds(
        &[&args[..], &[text(&evaluated), "--eval-every", "2", "--eval-episodes", "5", "--eval-deterministic"]].concat(),
    );
    for name in ["checkpoints/latest.safetensors", "episodes.csv"] {
        assert!(fs::read(plain.join(name)).unwrap() == fs::read(evaluated.join(name)).unwrap(), "{name} differs");
    }
    assert_eq!(column(&plain, "LossV"), column(&evaluated, "LossV"));
    assert!(!fs::read_to_string(plain.join("progress.txt")).unwrap().contains("Eval"), "columns come with the flag");

    let means = column(&evaluated, "EvalAverageEpRet");
    assert!(means.iter().enumerate().all(|(i, mean)| mean.is_nan() == (i % 2 == 0)), "{means:?}");
    let best = best_epoch(&means);
    let play = ["eval", text(&evaluated), "--episodes", "5", "--deterministic", "--seed", "2000000", "--json"];
    let report = succeeds(&[&play[..], &["--checkpoint", "best"]].concat()).stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["mean_return"], means[best - 1]);
    let policy = |name: &str| fs::read(evaluated.join(format!("checkpoints/{name}.safetensors"))).unwrap();
    assert!(policy("best") == policy(&format!("policy-{best}")));
    let events = fs::read(evaluated.join("events.out.tfevents.vpg")).unwrap();
    let tag = b"evaluation/EvalAverageEpRet";
    assert!(events.windows(tag.len()).any(|window| window == tag), "TensorBoard has it");

    let output = run(&[&SHORT[..], &["--eval-episodes", "5"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("eval_every"), "{}", stderr(&output));
}

#[test]
fn a_run_begins_with_anothers_weights() {
    let (folder, first) = trained(&["--hid", "8"]);
    let begin = |name: &str, from: &Path, more: &[&str]| {
        let run_dir = folder.path().join(name);
        let output = run(&[&SHORT[..], &["--from", text(from), "--run-dir", text(&run_dir)], more].concat());
        (run_dir, output)
    };
    let policy = |run: &Path, name: &str| fs::read(run.join(format!("checkpoints/{name}.safetensors"))).unwrap();
    let (of_run, output) = begin("of-run", &first, &["--hid", "8"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(policy(&of_run, "policy-0") == policy(&first, "latest"), "it begins with them");
    assert!(policy(&of_run, "latest") != policy(&first, "latest"), "and goes on");
    let (of_file, output) = begin("of-file", &first.join("checkpoints/policy-2.safetensors"), &["--hid", "8"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(policy(&of_run, "latest") == policy(&of_file, "latest"));

    // Killed before its first state, it begins with them again, wherever they are now.
    for name in ["resume-0.bin", "resume-1.bin"] {
        fs::remove_file(of_file.join(name)).unwrap();
    }
    fs::rename(&first, folder.path().join("moved")).unwrap();
    succeeds(&["--resume", text(&of_file)]);
    assert!(policy(&of_run, "latest") == policy(&of_file, "latest"));

    let moved = folder.path().join("moved");
    for (more, named) in [
        (&["--hid", "16"][..], &["hid [8]", "hid [16]", "[8, 4]", "[16, 4]"][..]),
        (&["--hid", "8", "--activation", "relu"], &["tanh", "relu"]),
        (&["--hid", "8", "--env", "Acrobot"], &["CartPole", "Acrobot"]),
    ] {
        let args = if more.contains(&"--env") { &SHORT[2..] } else { &SHORT[..] };
        let output =
            run(&[args, &["--from", text(&moved), "--run-dir", text(&folder.path().join("no"))], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(named.iter().all(|named| stderr(&output).contains(named)), "{named:?}: {}", stderr(&output));
        assert!(!folder.path().join("no").exists());
    }
}

#[cfg(feature = "atari")]
#[test]
fn a_run_with_a_rom_of_ones_own_is_opened_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let rom = envs::atari::RomSource::Bundled("pong".into()).read().unwrap();
    fs::write(folder.path().join("my.bin"), rom).unwrap();
    fs::create_dir(folder.path().join("configs")).unwrap();
    fs::write(folder.path().join("configs/mine.toml"), "env = \"Pong\"\nrom = \"../my.bin\"\n").unwrap();
    let args = ["--epochs", "1", "--steps-per-epoch", "32", "--hid", "4", "--run-dir"];
    for (name, more) in
        [("flag", &["--env", "Pong", "--rom", "my.bin"][..]), ("file", &["--config", "configs/mine.toml"])]
    {
        let mut here = vpg();
        assert!(
            here.current_dir(folder.path()).args(more).args(args).arg(name).output().unwrap().status.success(),
            "{name}"
        );
        let run_dir = folder.path().join(name);
        let play = ["eval", text(&run_dir), "--episodes", "1", "--max-ep-len", "9"];
        succeeds(&play);
        succeeds(&["--resume", text(&run_dir), "--epochs", "2"]);
        fs::rename(folder.path().join("my.bin"), folder.path().join("moved.bin")).unwrap();
        let output = run(&play);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("my.bin") && stderr(&output).contains("config.json"), "{}", stderr(&output));
        let path = run_dir.join("config.json");
        let mut config = json(&path);
        config["pixels"]["rom"] = text(&folder.path().join("moved.bin")).into();
        fs::write(&path, config.to_string()).unwrap();
        succeeds(&play);
        succeeds(&["--resume", text(&run_dir), "--epochs", "3"]);
        fs::rename(folder.path().join("moved.bin"), folder.path().join("my.bin")).unwrap();
    }
}

/// Pong's networks have 1.6 million weights: a state of three numbers each, and a policy that is kept at every epoch.
#[cfg(all(feature = "atari", unix))]
#[test]
fn a_run_of_pong_takes_less_than_40_megabytes() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let args = ["--env", "Pong", "--steps-per-epoch", "64", "--num-envs", "2", "--save-freq", "1", "--epochs"];
    succeeds(&[&args[..], &["9", "--run-dir", text(&run_dir)]].concat());
    let on_disk = |run: &Path| {
        let files = [run, &run.join("checkpoints")].map(|folder| fs::read_dir(folder).unwrap());
        let files = files.into_iter().flatten().map(|entry| entry.unwrap().metadata().unwrap());
        // A file of two names counts once.
        let sizes: std::collections::BTreeMap<u64, u64> =
            files.filter(fs::Metadata::is_file).map(|file| (file.ino(), file.len())).collect();
        sizes.values().sum::<u64>()
    };
    assert!(on_disk(&run_dir) < 40_000_000, "{} bytes", on_disk(&run_dir));
    let output = succeeds(&["record", text(&run_dir), "--grid", "--max-frames", "2"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 pictures"), "the policies that stayed play");
    let longer = folder.path().join("longer");
    succeeds(&[&args[..], &["10", "--run-dir", text(&longer)]].concat());
    succeeds(&["--resume", text(&run_dir), "--epochs", "10"]);
    let policy = |run: &Path| fs::read(run.join("checkpoints/latest.safetensors")).unwrap();
    assert!(policy(&run_dir) == policy(&longer), "the one state that stayed goes on exactly");
}

/// Values that differ between observations after two epochs, with the recipe that whole frames have.
#[cfg(feature = "atari")]
#[test]
fn whole_frames_are_learned_from_by_layers_and_by_convolutions() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--steps-per-epoch", "128", "--num-envs", "4", "--epochs", "3"];
    for (name, args) in [
        ("breakout", &["--env", "ALE/Breakout-v5", "--phi", "stack"][..]),
        ("pong", &["--env", "Pong", "--stack", "4"]),
        ("cnn", &["--env", "ALE/Breakout-v5", "--phi", "stack", "--policy", "cnn"]),
    ] {
        let run_dir = folder.path().join(name);
        let output = succeeds(&[args, &short, &["--run-dir", text(&run_dir)]].concat());
        assert!(!stderr(&output).contains("warning"), "{name}: {}", stderr(&output));
        let values = column(&run_dir, "StdVVals");
        assert!(values.iter().all(|std| *std > 1e-5), "{name}: {values:?}");
        assert!(column(&run_dir, "Entropy").iter().all(|entropy| *entropy > 0.1), "{name}");
        let config = json(&run_dir.join("config.json"));
        assert_eq!(config["minibatch"], 256, "{name}");
        let threads = if name == "cnn" { std::thread::available_parallelism().unwrap().get() } else { 1 };
        assert_eq!(config["torch_threads"], threads, "{name}");
    }
    let output = run(&[
        "--env",
        "ALE/Freeway-v5",
        "--epochs",
        "1",
        "--steps-per-epoch",
        "64",
        "--run-dir",
        text(&folder.path().join("g")),
    ]);
    assert!(stderr(&output).contains("recipe: the general one for games"), "{}", stderr(&output));
}
