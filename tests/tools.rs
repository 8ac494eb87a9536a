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
