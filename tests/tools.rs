//! The tools around training, each driven as a process: the files it leaves, its messages and its exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn vpg(args: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_vpg");
    Command::new(program).args(args.split_whitespace()).output().expect("vpg starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A run of two short epochs with a policy kept at each, and the folder it is in.
fn trained(args: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let short = "--epochs 2 --steps-per-epoch 128 --num-envs 4 --save-freq 1 --hid 16";
    let output = vpg(&format!("{args} {short} --run-dir {}", run.display()));
    assert!(output.status.success(), "{}", stderr(&output));
    (folder, run)
}

/// The columns' names and the rows.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(path).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect());
    (rows.next().unwrap(), rows.collect())
}

#[test]
fn every_episode_of_a_run_is_a_row() {
    let (_folder, run) = trained("--env CartPole-v1");
    let (columns, rows) = table(&run.join("episodes.csv"));
    assert_eq!(columns, ["Episode", "Epoch", "EpRet", "EpLen"]);
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!(rows.len() as u64, summary["episodes"].as_u64().unwrap());
    assert!(rows.len() > 4);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (i + 1).to_string());
        assert_eq!(row[2].parse::<f64>().unwrap(), row[3].parse::<f64>().unwrap(), "CartPole pays 1 a step");
    }
    let longest = rows.iter().filter(|row| row[1] == "1").map(|row| row[2].parse::<f64>().unwrap());
    let progress = fs::read_to_string(run.join("progress.txt")).unwrap();
    let max_ep_ret = progress.lines().nth(1).unwrap().split('\t').nth(3).unwrap();
    assert_eq!(longest.fold(0.0, f64::max), max_ep_ret.parse::<f64>().unwrap());
}

/// Learning rates at which the first step leaves nothing finite.
#[test]
fn a_run_that_is_not_finite_any_more_ends_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    for (args, epoch, named, checkpoint) in [
        ("--env CartPole-v1 --pi-lr 1e38", 1, "KL", "no checkpoint yet"),
        ("--env CartPole-v1 --vf-lr 1e30", 1, "LossV", "no checkpoint yet"),
    ] {
        let run = folder.path().join(args.replace(' ', ""));
        let output =
            vpg(&format!("{args} --epochs 50 --steps-per-epoch 128 --save-freq 1 --run-dir {}", run.display()));
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let error = text.lines().last().unwrap();
        assert!(error.starts_with(&format!("error: epoch {epoch}: not finite")), "{text}");
        assert!(error.contains(named) && error.contains(checkpoint), "{text}");
        assert!(!fs::read_to_string(run.join("progress.txt")).unwrap().contains("inf"));
    }
}

/// Plain descent with a learning rate that takes the value function further off at every step, until it overflows.
#[test]
fn a_run_that_overflows_later_names_its_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let args = "--env CartPole-v1 --epochs 50 --steps-per-epoch 128 --num-envs 4 --hid 16 --optimizer sgd --vf-lr 10 \
                --train-v-iters 1 --normalize none --pi-lr 0 --save-freq 2";
    let output = vpg(&format!("{args} --run-dir {}", run.display()));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let error = text.lines().last().unwrap();
    let epoch = error.strip_prefix("error: epoch ").and_then(|rest| rest.split(':').next()?.parse::<u64>().ok());
    let epoch = epoch.unwrap_or_else(|| panic!("{text}"));
    assert!(epoch > 4 && error.contains("LossV"), "{text}");
    let last_good = (epoch - 1) / 2 * 2;
    let checkpoint = run.join(format!("checkpoints/policy-{last_good}.safetensors"));
    assert!(error.contains(&format!("the last good checkpoint is {}", checkpoint.display())), "{text}");
    assert_eq!(fs::read_to_string(run.join("progress.txt")).unwrap().lines().count() as u64, epoch);
    let output = vpg(&format!("eval {} --episodes 1 --checkpoint {}", run.display(), checkpoint.display()));
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Everything a program can want of an evaluation.
#[test]
fn an_evaluation_can_be_read_by_a_program() {
    let (_folder, run) = trained("--env CartPole-v1");
    let eval = |args: &str| {
        let output = vpg(&format!("eval {} --episodes 5 --json {args}", run.display()));
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str::<serde_json::Value>(&stdout(&output)).expect("it is JSON")
    };
    let report = eval("");
    let returns: Vec<f64> =
        report["episodes"].as_array().unwrap().iter().map(|episode| episode["return"].as_f64().unwrap()).collect();
    assert_eq!(returns.len(), 5);
    let mean = returns.iter().sum::<f64>() / 5.0;
    let std = (returns.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5.0).sqrt();
    for (name, value) in [("mean_return", mean), ("std_return", std)] {
        assert!((report[name].as_f64().unwrap() - value).abs() < 1e-9, "{report}");
    }
    assert_eq!(report["max_return"].as_f64().unwrap(), returns.iter().copied().fold(0.0, f64::max));

    let file = run.join("checkpoints/policy-1.safetensors");
    assert_eq!(eval("--checkpoint 1")["episodes"], eval(&format!("--checkpoint {}", file.display()))["episodes"]);
    assert_ne!(eval("--checkpoint 1 --deterministic")["episodes"], eval("--checkpoint 1")["episodes"]);
    assert_eq!(eval("--max-ep-len 7")["max_return"], 7.0);
    // As Spinning Up's tool spells it.
    assert_eq!(eval("--len 7 --itr 1 --norender")["episodes"], eval("--max-ep-len 7 --checkpoint 1")["episodes"]);
}

#[test]
fn a_policy_is_recorded_without_a_display() {
    let (folder, run) = trained("--env CartPole-v1");
    let record = |args: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_vpg"))
            .args(format!("record {} {args}", run.display()).split_whitespace())
            .env_remove("DISPLAY")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let pictures = |text: &str| text.split(' ').next().unwrap().parse::<usize>().unwrap();
    let frames = |path: &Path| {
        let file = std::io::BufReader::new(fs::File::open(path).unwrap());
        image::AnimationDecoder::into_frames(image::codecs::gif::GifDecoder::new(file).unwrap())
            .collect_frames()
            .unwrap()
    };

    let text = record("");
    let gif = frames(&run.join("record.gif"));
    assert_eq!(gif.len(), pictures(&text));
    assert_eq!(gif[0].buffer().dimensions(), (600, 400));
    let (numerator, denominator) = gif[0].delay().numer_denom_ms();
    assert_eq!(numerator / denominator, 20, "CartPole runs at 50 pictures a second");

    let png = folder.path().join("png");
    assert_eq!(pictures(&record(&format!("--frames {} --max-frames 4", png.display()))), 4);
    let last = image::open(png.join("00003.png")).unwrap();
    assert_eq!((last.width(), last.height()), (600, 400));
    assert_ne!(fs::read(png.join("00000.png")).unwrap(), fs::read(png.join("00003.png")).unwrap());

    record("--grid --max-frames 3");
    let grid = frames(&run.join("grid.gif"));
    assert_eq!(grid.len(), 3);
    assert!(grid[0].buffer().width() > 2 * 240, "two checkpoints stand side by side");
}

#[test]
fn completions_know_the_commands_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let output = vpg(&format!("completions {shell}"));
        let script = stdout(&output);
        for word in ["record", "completions", "deterministic"] {
            assert!(output.status.success() && script.contains(word), "{shell} {word}");
        }
    }
    assert_eq!(vpg("completions tcsh").status.code(), Some(2));
}

const TINY: &str = "--env CartPole-v1 --epochs 2 --steps-per-epoch 64 --num-envs 4";

#[test]
fn a_grid_trains_every_combination_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("grid");
    let grid = |vary: &str, seeds: &str, flags: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
        command.arg("grid").arg(&out).args(["--vary", vary, "--vary", "gamma=0.9", "--seeds", seeds, "--"]);
        command.args(flags.split_whitespace()).output().unwrap()
    };
    let output = grid("hid=8 16,16", "0,1", TINY);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("hid=16,16_gamma=0.9"), "{}", stdout(&output));
    let run = out.join("hid=8_gamma=0.9/seed-1");
    let config: serde_json::Value = serde_json::from_slice(&fs::read(run.join("config.json")).unwrap()).unwrap();
    assert_eq!((&config["seed"], &config["gamma"], &config["hid"]), (&1.into(), &0.9.into(), &serde_json::json!([8])));
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.matches(",finished,").count(), 4, "{summary}");

    // Called again it trains what is missing, here a run that broke off and a new seed, and nothing else.
    let trained = fs::metadata(run.join("summary.json")).unwrap().modified().unwrap();
    let broken_off = out.join("hid=8_gamma=0.9/seed-0");
    fs::remove_file(broken_off.join("summary.json")).unwrap();
    let rows: Vec<&str> = summary.lines().filter(|line| !line.starts_with("hid=8_gamma=0.9,0,")).collect();
    fs::write(out.join("summary.csv"), rows.join("\n")).unwrap();
    let output = grid("hid=8 16,16", "0,1,2", TINY);
    assert!(output.status.success() && broken_off.join("summary.json").exists(), "{}", stderr(&output));
    assert_eq!(fs::metadata(run.join("summary.json")).unwrap().modified().unwrap(), trained);
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.matches(",finished,").count(), 6, "{summary}");

    for (vary, flags, named) in [
        ("hid=8 x", TINY, "--hid = x"),
        ("hid=8", "--env CartPol", "did you mean"),
        ("nonsense=8", TINY, "--nonsense"),
        ("hid", TINY, "values"),
        ("hid=8", "--env CartPole-v1 --epochs 3", "other flags"),
        ("hid=8", "--env CartPole-v1 --seed 3", "--seed"),
    ] {
        let output = grid(vary, "0", flags);
        assert_eq!(output.status.code(), Some(2), "{vary} {flags}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{vary} {flags}: {}", stderr(&output));
    }
}

/// Ctrl-C reaches every run of a grid: all save, and can be gone on with.
#[cfg(unix)]
#[test]
fn a_grid_saves_its_runs_on_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("grid");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
    command.arg("grid").arg(&out).args("--seeds 0,1,2 --jobs 2 -- --env CartPole --epochs 1000000".split(' '));
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let runs = [0, 1].map(|seed| out.join(format!("default/seed-{seed}")));
    let begun =
        |run: &PathBuf| fs::read_to_string(run.join("progress.txt")).is_ok_and(|table| table.lines().count() > 2);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(100);
    while !runs.iter().all(begun) && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.matches(",interrupted,").count(), 2, "{summary}");
    for run in runs {
        assert!(run.join("summary.json").exists() && run.join("checkpoints/latest.safetensors").exists());
    }
    assert!(!out.join("default/seed-2").exists(), "it had not begun");
}

/// A run that fails does not stop the others, and the grid says so.
#[test]
fn a_grid_names_the_runs_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("grid");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
    command.arg("grid").arg(&out).args(["--vary", "pi-lr=1e38 1e-3", "--seeds", "0", "--"]);
    let output = command.args(TINY.split_whitespace()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("pi-lr=1e38/seed-0.log"), "{}", stderr(&output));
    assert!(fs::read_to_string(out.join("pi-lr=1e38/seed-0.log")).unwrap().contains("not finite"));
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert!(summary.contains("pi-lr=1e38,0,failed") && summary.contains("pi-lr=1e-3,0,finished"), "{summary}");
}

#[test]
fn a_plot_shows_the_runs_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (name, args) in [("wide-0", "--hid 16"), ("wide-1", "--hid 16 --seed 1"), ("narrow-0", "--hid 4")] {
        let output = vpg(&format!("{TINY} {args} --run-dir {}", folder.path().join("runs").join(name).display()));
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let png = folder.path().join("plot.png");
    let plot = |args: &str| {
        let runs = folder.path().join("runs");
        vpg(&format!("plot {} --out {} {args}", runs.display(), png.display()))
    };
    let picture = |args: &str| {
        let output = plot(args);
        assert!(output.status.success(), "{args}: {}", stderr(&output));
        image::open(&png).unwrap().into_rgb8()
    };
    let all = picture("");
    assert_eq!(all.dimensions(), (800, 800));
    let has = |picture: &image::RgbImage, color: [u8; 3]| picture.pixels().any(|pixel| pixel.0 == color);
    let (blue, vermilion) = ([0, 114, 178], [213, 94, 0]);
    assert!(has(&all, blue) && has(&all, vermilion), "two lines: two seeds of one config are one");
    let wide = picture("--include wide");
    assert!(has(&wide, blue) && !has(&wide, vermilion));
    assert!(picture("--exclude narrow") == wide);
    let per_run = picture("--per-run");
    assert!(has(&per_run, blue) && has(&per_run, vermilion) && has(&per_run, [0, 158, 115]), "a line for each seed");
    assert!(picture("--per-run --legend a,b,c") != per_run && picture("--per-run --y EpLen") != per_run);
    assert!(picture("--xaxis Epoch --value EpLen --select wide") == picture("--x Epoch --y EpLen --include wide"));
    assert!(picture("--legend a,b") != all && picture("--x Epoch") != all && picture("--y EpLen --smooth 2") != all);

    for (args, named) in [
        ("--legend a", "expected 2"),
        ("--include nothing", "--include = nothing"),
        ("--exclude wide --exclude narrow", "--exclude = wide narrow"),
        ("--y Reward", "AverageEpRet"),
    ] {
        let output = plot(args);
        assert_eq!(output.status.code(), Some(2), "{args}");
        assert!(stderr(&output).contains(named), "{args}: {}", stderr(&output));
    }
}

/// Whatever is wrong with a folder, every tool ends with 1 and a line that names it, and none panics.
#[test]
fn folders_that_are_no_runs_are_refused_by_every_tool() {
    let (folder, run) = trained("--env CartPole-v1");
    let damaged = |name: &str, damage: &dyn Fn(&Path)| {
        let copy = folder.path().join(name);
        fs::create_dir_all(copy.join("checkpoints")).unwrap();
        for file in
            ["config.json", "progress.txt", "checkpoints/latest.safetensors", "checkpoints/policy-2.safetensors"]
        {
            fs::copy(run.join(file), copy.join(file)).unwrap();
        }
        damage(&copy);
        copy
    };
    let rewrite = |path: PathBuf, from: &str, to: &str| {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replace(from, to)).unwrap();
    };
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let no_policies = damaged("no-policies", &|run| fs::remove_dir_all(run.join("checkpoints")).unwrap());
    let broken = damaged("broken", &|run| fs::write(run.join("config.json"), "{\"env\": \"CartPole-v1\"").unwrap());
    let foreign = damaged("foreign", &|run| fs::write(run.join("config.json"), "{\"lr\": 0.1}").unwrap());
    let elsewhere = damaged("elsewhere", &|run| rewrite(run.join("config.json"), "CartPole-v1", "InvertedPendulum-v4"));
    let unknown = damaged("unknown", &|run| rewrite(run.join("config.json"), "CartPole-v1", "CartPole-v9"));
    let no_table = damaged("no-table", &|run| fs::remove_file(run.join("progress.txt")).unwrap());

    for (folder, tools, named) in [
        (&empty, &["eval", "record", "record --grid", "plot", "--resume"][..], "no run folder"),
        (&run.join("config.json"), &["eval", "record", "plot", "--resume"], "no run folder"),
        (&no_policies, &["eval", "record", "record --grid"], "checkpoints"),
        (&broken, &["eval", "record", "record --grid", "plot", "--resume"], "config.json is damaged"),
        (&foreign, &["eval", "record", "record --grid", "plot", "--resume"], "another version's"),
        (&elsewhere, &["eval", "record", "record --grid"], "does not fit this run"),
        (&unknown, &["eval", "record", "--resume"], "CartPole-v9"),
        (&no_table, &["plot"], "no finished epoch"),
    ] {
        for tool in tools {
            let output = vpg(&format!("{tool} {}", folder.display()));
            let text = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{tool} {}: {text}", folder.display());
            let error = text.trim_end().lines().last().unwrap_or_default();
            assert!(error.starts_with("error: ") && error.contains(named), "{tool} {}: {text}", folder.display());
            assert!(!text.contains("panicked"), "{tool}: {text}");
        }
    }
    for which in ["7", "best", "no.safetensors"] {
        let output = vpg(&format!("eval {} --checkpoint {which}", run.display()));
        assert_eq!(output.status.code(), Some(2));
        let named = format!("--checkpoint = {which}: expected an");
        assert!(stderr(&output).contains(&named), "{}", stderr(&output));
        assert!(which != "7" || stderr(&output).contains("[1, 2]"), "{}", stderr(&output));
    }
}

#[test]
fn wrong_flags_of_the_tools_end_with_two() {
    for args in [
        "eval",
        "eval run --episodes 0",
        "record run --grid --checkpoint 3",
        "record run --fps 0",
        "watch",
        "plot",
        "plot run --smooth -1",
        "plot run --smooth 0",
        "plot run --smooth 99999999999999",
        "plot run --legend a --legend b",
        "eval run --episodes 1000000000000",
        "eval run --seed -1",
        "grid out --jobs 100000000 -- --env CartPole",
        "grid",
        "grid out --vary hid=8",
        "completions",
    ] {
        let output = vpg(args);
        assert_eq!(output.status.code(), Some(2), "{args}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("error: "), "{args}: {}", stderr(&output));
    }
}

/// A window cannot be tested everywhere; that there is none can.
#[test]
fn watching_without_a_window_says_what_to_do() {
    let (_folder, run) = trained("--env CartPole-v1");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
    let output = command.arg("watch").arg(&run).env_remove("DISPLAY").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("vpg record"), "{}", stderr(&output));
}

/// A display without a screen, where Xvfb is installed.
#[cfg(all(feature = "watch", target_os = "linux"))]
struct Display {
    server: std::process::Child,
    name: String,
}

#[cfg(all(feature = "watch", target_os = "linux"))]
impl Display {
    fn open() -> Option<Self> {
        use std::{io::BufRead, process::Stdio};
        let args = ["-displayfd", "1", "-screen", "0", "800x600x24"];
        let mut server = Command::new("Xvfb").args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut number = String::new();
        std::io::BufReader::new(server.stdout.take()?).read_line(&mut number).ok()?;
        Some(Self { server, name: format!(":{}", number.trim()) })
    }

    fn windows(&self) -> String {
        let output = Command::new("xwininfo").args(["-root", "-tree", "-display", &self.name]).output().unwrap();
        stdout(&output)
    }

    /// Runs vpg until a window with such a title is there.
    fn wait_for(&self, args: &str, title: &str) -> (std::process::Child, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
        command.args(args.split_whitespace()).env("DISPLAY", &self.name).stdout(std::process::Stdio::null());
        let child = command.spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(100);
        while !self.windows().contains(title) && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        (child, self.windows())
    }
}

#[cfg(all(feature = "watch", target_os = "linux"))]
impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[cfg(all(feature = "watch", target_os = "linux"))]
#[test]
fn windows_are_titled_with_environment_episode_and_step() {
    let Some(display) = Display::open() else {
        eprintln!("skipped: there is no Xvfb (apt-get install xvfb x11-utils)");
        return;
    };
    let (_folder, run) = trained("--env CartPole-v1");
    let title = "\"CartPole-v1 | episode 1 | step ";
    let (mut watching, windows) = display.wait_for(&format!("watch {} --fps 10", run.display()), title);
    assert!(windows.contains(title), "{windows}");
    watching.kill().unwrap();
    watching.wait().unwrap();

    // While training, and no longer.
    let live = run.with_file_name("live");
    let args = format!("--env CartPole-v1 --epochs 1000000 --num-envs 4 --render --run-dir {}", live.display());
    let title = "\"CartPole-v1 | episode ";
    let (mut training, windows) = display.wait_for(&args, title);
    assert!(windows.contains(title), "{windows}");
    Command::new("kill").args(["-TERM", &training.id().to_string()]).status().unwrap();
    assert_eq!(training.wait().unwrap().code(), Some(130));
    assert!(!display.windows().contains("CartPole-v1"), "{}", display.windows());
    assert!(live.join("checkpoints/latest.safetensors").exists());
}

#[test]
fn messages_have_no_colours_where_there_is_no_terminal() {
    for args in ["--help", "record --help", "eval", "--env CartPol"] {
        let output = vpg(args);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{args}");
    }
}
