//! What plots and recordings show: each test names something that a picture once hid or made up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn vpg(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vpg")).args(args).output().expect("vpg starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeeds(args: &[&str]) -> Output {
    let output = vpg(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    output
}

/// A run of two short epochs in this folder.
fn train(run: &Path, more: &str) {
    let env = if more.contains("--env") { "" } else { "--env CartPole-v1" };
    let args = format!("{env} --epochs 2 --steps-per-epoch 128 --num-envs 4 --save-freq 1 --hid 16 {more} --run-dir");
    let args = args.split_whitespace().chain([run.to_str().unwrap()]);
    succeeds(&args.collect::<Vec<_>>());
}

struct Runs {
    folder: tempfile::TempDir,
}

impl Runs {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The plot of all runs as SVG, and what was said.
    fn plot(&self, more: &[&str]) -> (String, String) {
        let svg = self.folder.path().with_extension("svg");
        let args = ["plot", self.folder.path().to_str().unwrap(), "--out", svg.to_str().unwrap()];
        let output = succeeds(&[&args, more].concat());
        let text = fs::read_to_string(&svg).unwrap();
        fs::remove_file(svg).unwrap();
        (text, stderr(&output))
    }
}

/// The texts beside the axes: the legend.
fn texts(svg: &str) -> Vec<&str> {
    svg.lines().filter_map(|line| line.strip_suffix("</text>")?.rsplit('>').next()).collect()
}

fn lines(svg: &str) -> usize {
    svg.lines().filter(|line| line.starts_with("<polyline") && line.contains("stroke-width=\"2\"")).count()
}

#[test]
fn what_cannot_be_drawn_is_left_out_and_named() {
    let runs = Runs::new();
    train(&runs.path("whole"), "");
    train(&runs.path("torn"), "--gamma 0.9");
    let table = fs::read_to_string(runs.path("torn/progress.txt")).unwrap();
    fs::write(runs.path("torn/progress.txt"), &table[..table.len() - 40]).unwrap();
    train(&runs.path("begun"), "--gamma 0.8");
    let header = table.lines().next().unwrap().to_owned() + "\n";
    fs::write(runs.path("begun/progress.txt"), header).unwrap();
    train(&runs.path("unlogged"), "--gamma 0.7");
    fs::remove_file(runs.path("unlogged/progress.txt")).unwrap();
    fs::create_dir(runs.path("another-program")).unwrap();
    fs::write(runs.path("another-program/config.json"), "{\"colour\": 1}").unwrap();

    let (svg, said) = runs.plot(&[]);
    assert_eq!(lines(&svg), 2, "the whole one and what there is of the torn one");
    for name in ["begun", "unlogged", "another-program"] {
        assert!(said.lines().any(|line| line.starts_with("left out: ") && line.contains(name)), "{name}: {said}");
    }
    assert!(!said.contains("torn") && !said.contains("whole"), "{said}");
}

#[test]
fn seeds_are_one_line_whatever_else_changes_no_result() {
    let runs = Runs::new();
    train(&runs.path("a"), "--seed 0");
    train(&runs.path("b"), "--seed 1 --threads 2 --state-freq 2 --device cpu --env CartPole");
    #[cfg(unix)]
    std::os::unix::fs::symlink(runs.folder.path(), runs.path("a/around")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(runs.folder.path(), runs.path("here")).unwrap();
    let (svg, _) = runs.plot(&[]);
    assert_eq!(lines(&svg), 1);
    assert!(texts(&svg).iter().any(|text| text.ends_with("(2 seeds)")), "{:?}", texts(&svg));
}

/// Two seeds, of which one was solved after half of the other's steps.
#[test]
fn a_solved_run_stays_at_its_last_value() {
    let runs = Runs::new();
    let args = "--env CartPole-v1 --num-envs 4 --steps-per-epoch 512 --frames 16384 --stop-when-solved --solve-at 18";
    for seed in ["0", "1"] {
        let run = runs.path(seed);
        let args = args.split(' ').chain(["--seed", seed, "--run-dir", run.to_str().unwrap()]);
        succeeds(&args.collect::<Vec<_>>());
    }
    let rows = |seed: &str| {
        let table = fs::read_to_string(runs.path(seed).join("progress.txt")).unwrap();
        table.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let solved = fs::read_to_string(runs.path("0/summary.json")).unwrap().contains("\"solved\": true");
    assert!(solved, "both reach a mean of 18 steps");
    // Seed 0 is cut to one epoch, as if it had been solved in it.
    let table = fs::read_to_string(runs.path("0/progress.txt")).unwrap();
    let short: Vec<&str> = table.lines().take(2).collect();
    fs::write(runs.path("0/progress.txt"), short.join("\n") + "\n").unwrap();
    let longest = rows("1").len();
    assert!(longest > 1);
    let (svg, _) = runs.plot(&["--legend", "both"]);
    let drawn: usize = svg
        .lines()
        .filter(|line| line.starts_with("<polyline") && line.contains("stroke-width=\"2\""))
        .map(|line| line.matches(',').count())
        .sum();
    assert!(drawn >= longest, "the mean goes on to the end of the longer one: {drawn} of {longest}");
    assert!(svg.contains("stroke-dasharray=\"2 4\""), "dotted where one is carried on");
    assert!(texts(&svg).iter().any(|text| text.contains("dotted")), "{:?}", texts(&svg));
}

#[test]
fn axes_that_would_show_nothing_are_refused() {
    let runs = Runs::new();
    train(&runs.path("a"), "");
    let plot = |args: &[&str]| {
        let run = runs.path("a");
        let out = vpg(&[&["plot", run.to_str().unwrap()], args].concat());
        (out.status.code(), stderr(&out))
    };
    // A loss that falls from one epoch to the next.
    let table = fs::read_to_string(runs.path("a/progress.txt")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    let column = rows[0].iter().position(|name| *name == "LossPi").unwrap();
    let falling: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let mut row = row.clone();
            if i > 0 {
                row[column] = ["1.0", "-1.0"][(i - 1) % 2];
            }
            row.join("\t")
        })
        .collect();
    fs::write(runs.path("a/progress.txt"), falling.join("\n") + "\n").unwrap();
    let out = runs.path("x.png");
    let (code, said) = plot(&["--x", "LossPi", "--out", out.to_str().unwrap()]);
    assert!(code == Some(2) && said.contains("--x = LossPi") && said.contains("Time"), "{said}");
    let (code, said) = plot(&["--out", runs.path("x.jpeg").to_str().unwrap()]);
    assert!(code == Some(2) && said.contains(".svg"), "{said}");
    assert!(!out.exists() && !runs.path("x.jpeg").exists());
}

#[test]
fn a_run_in_which_no_episode_has_ended_is_not_drawn_by_its_returns() {
    let runs = Runs::new();
    train(&runs.path("a"), "--env Pendulum");
    let (run, out) = (runs.path("a"), runs.path("x.svg"));
    let plot = |y: &str| vpg(&["plot", run.to_str().unwrap(), "--y", y, "--out", out.to_str().unwrap()]);
    let said = stderr(&plot("AverageEpRet"));
    assert!(said.contains("no value of AverageEpRet in any of its epochs"), "{said}");
    assert!(plot("Entropy").status.success());
}

#[cfg(feature = "atari")]
#[test]
fn frames_are_steps_times_the_frame_skip() {
    let runs = Runs::new();
    let run = runs.path("pong");
    let args = "--env Pong --frames 4096 --steps-per-epoch 512 --num-envs 4 --hid 4 --run-dir";
    succeeds(&args.split(' ').chain([run.to_str().unwrap()]).collect::<Vec<_>>());
    let (steps, _) = runs.plot(&["--y", "Entropy"]);
    let (frames, _) = runs.plot(&["--y", "Entropy", "--x", "Frames"]);
    assert!(texts(&steps).contains(&"environment steps") && texts(&steps).contains(&"1k"), "{:?}", texts(&steps));
    assert!(texts(&frames).contains(&"raw frames") && texts(&frames).contains(&"4k"), "{:?}", texts(&frames));
}

#[test]
fn the_middle_half_of_the_seeds_has_an_interval() {
    let runs = Runs::new();
    for seed in 0..4 {
        train(&runs.path(&seed.to_string()), &format!("--seed {seed}"));
    }
    let (mean, _) = runs.plot(&[]);
    let (iqm, _) = runs.plot(&["--stat", "iqm"]);
    assert!(iqm.contains("fill-opacity=\"0.2\"") && iqm != mean);
}

fn gif(path: &Path) -> Vec<image::Frame> {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let decoder = image::codecs::gif::GifDecoder::new(file).unwrap();
    image::AnimationDecoder::into_frames(decoder).collect_frames().unwrap()
}

#[test]
fn a_recording_shows_the_episode_to_its_end() {
    let runs = Runs::new();
    let run = runs.path("a");
    train(&run, "");
    let run = run.to_str().unwrap();
    let text = String::from_utf8(succeeds(&["eval", run, "--episodes", "1", "--json"]).stdout).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let length = report["episodes"][0]["length"].as_u64().unwrap() as usize;
    succeeds(&["record", run]);
    let pictures = gif(&runs.path("a/record.gif"));
    assert_eq!(pictures.len(), length + 1, "one before each step and the last");
    assert_ne!(pictures[length].buffer(), pictures[0].buffer(), "the last is not the next episode's first");

    let fast = runs.path("fast.gif");
    let said = succeeds(&["record", run, "--fps", "100", "--out", fast.to_str().unwrap()]).stdout;
    let count = format!("{} pictures", gif(&fast).len());
    assert!(String::from_utf8_lossy(&said).starts_with(&count) && gif(&fast).len() < length, "{count}");

    // A second one takes a name of its own, a thinned one has fewer pictures and the same last one.
    succeeds(&["record", run, "--every", "5"]);
    let thinned = gif(&runs.path("a/record-2.gif"));
    assert_eq!(thinned.len(), length.div_ceil(5) + 1);
    assert_eq!(thinned.last().unwrap().buffer(), pictures[length].buffer());
    assert_eq!(gif(&runs.path("a/record.gif")).len(), length + 1);
}

#[test]
fn recordings_neither_mix_nor_pass_for_another_format() {
    let runs = Runs::new();
    train(&runs.path("a"), "");
    let (run, png) = (runs.path("a"), runs.path("png"));
    let record = |args: &[&str]| vpg(&[&["record", run.to_str().unwrap()], args].concat());
    assert!(record(&["--frames", png.to_str().unwrap(), "--max-frames", "6"]).status.success());
    let again = record(&["--frames", png.to_str().unwrap(), "--max-frames", "3"]);
    assert!(again.status.code() == Some(1) && stderr(&again).contains("--frames"), "{}", stderr(&again));
    assert_eq!(fs::read_dir(&png).unwrap().count(), 6);
    for name in ["play.mp4", "play"] {
        let output = record(&["--out", runs.path(name).to_str().unwrap()]);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(".gif"), "{}", stderr(&output));
        assert!(!runs.path(name).exists());
    }
}
