//! What is accepted counts, what is not is refused by its name, and what is unknown is answered: flags and config files as
//! people write them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vpg")).args(args).output().expect("vpg starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const SHORT: [&str; 6] = ["--epochs", "1", "--steps-per-epoch", "32", "--num-envs", "2"];

/// Trains for an epoch, and gives the run's folder.
fn trained(folder: &Path, name: &str, args: &[&str]) -> std::path::PathBuf {
    let path = folder.join(name);
    let output = run(&[args, &SHORT, &["--run-dir", text(&path)]].concat());
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    path
}

/// Exit code 2, one line that has all of these words, and no folder.
fn refused(args: &[&str], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let output = run(&[args, &["--run-dir", text(&path)]].concat());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    assert!(!path.exists(), "{args:?}");
}

#[test]
fn a_flag_that_does_nothing_is_refused_by_its_name() {
    for (args, words) in [
        ("--env CartPole --optimizer sgd --beta1 0.5", ["beta1 = 0.5", "optimizer = adam"]),
        ("--env CartPole --returns total --lam 0.5", ["lam = 0.5", "returns = gae"]),
        ("--env CartPole --vf-coef 0.1", ["vf-coef = 0.1", "shared_trunk"]),
        ("--env CartPole --lr-schedule linear --decay-frames 9", ["decay-frames = 9", "lr_schedule left out"]),
        ("--env CartPole --epochs 3 --eval-every 5", ["eval-every = 5", "as many epochs"]),
        ("--env CartPole --end-at-eval 500", ["end-at-eval = 500", "eval_every"]),
        ("--env CartPole --frames 9000 --eval-every 1 --end-at-eval 500", ["end-at-eval = 500", "solved"]),
        ("--env CartPole --log-interval 5", ["log-interval = 5", "pong-blog"]),
        ("--env CartPole --minibatch 1000000", ["minibatch = 1000000", "steps"]),
        ("--env CartPole --hid 8,9 --l 3", ["hid = [8,9]", "one size"]),
        ("--preset cartpole-reinforce --steps-per-epoch 100", ["steps-per-epoch = 100", "episodes_per_epoch"]),
        ("--resume nowhere --exp-name x", ["--resume", "--exp-name"]),
    ] {
        refused(&args.split(' ').collect::<Vec<_>>(), &words);
    }
}

#[cfg(feature = "atari")]
#[test]
fn a_frame_option_that_does_nothing_is_refused_by_its_name() {
    for (args, words) in [
        ("--env Pong --phi stack --stride 4", ["stride = 4", "no stack of frames"]),
        ("--env Pong --phi stack --distance 2", ["distance = 2", "no stack of frames"]),
        ("--env Pong --phi stack --with-frame", ["with-frame = true", "no stack of frames"]),
        ("--env Pong --phi blog --stack 4", ["phi = blog", "no stack of frames"]),
        ("--env Pong --phi stack --policy cnn --hid 8", ["hid = [8]", "policy = mlp"]),
        ("--env ALE/Breakout-v5 --stop-when-solved", ["stop-when-solved", "solve_at"]),
        ("--env Pong-v0 --phi stack", ["stack = 4", "frame_skip"]),
        ("--env Pong --phi stack --stack 100000", ["stack = 100000", "from 1 to 64"]),
    ] {
        refused(&args.split(' ').collect::<Vec<_>>(), &words);
    }
    // What the recipe brings may be idle.
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path(), "sticky", &["--env", "ALE/Pong-v5", "--phi", "stack", "--train-v-iters", "1"]);
    let drawn = trained(folder.path(), "drawn", &["--env", "Pong-v0", "--phi", "stack", "--frame-skip", "3"]);
    assert_eq!(json(&drawn.join("config.json"))["pixels"]["frame_skip"], 3.0);
}

#[test]
fn two_keys_of_a_file_that_set_the_same_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, words) in [
        ("a.toml", "env = \"CartPole\"\nepochs = 3\nframes = 99", ["epochs", "frames"]),
        ("b.toml", "env = \"CartPole\"\nlr = 0.1\nvf_lr = 0.2", ["lr", "vf_lr"]),
        ("c.toml", "env = \"CartPole\"\nmax_ep_len = 3\nmax-ep-len = 4", ["max_ep_len", "leave one out"]),
        ("d.json", "{\"env\": \"CartPole\", \"gamma\": 0.9, \"gamma\": 0.8}", ["\"gamma\"", "twice"]),
        ("e.json", "{\"env\": \"CartPole\", \"optimizer\": \"sgd\", \"beta1\": 0.5}", ["beta1 = 0.5", "e.json"]),
        ("f.toml", "env = \"CartPole\"\nlearning_rate = 0.1", ["learning_rate", "\"lr\""]),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        refused(&["--config", text(&file)], &words);
    }
}

#[test]
fn a_run_in_another_environment_has_that_ones_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let poles = trained(folder.path(), "poles", &["--env", "CartPole", "--max-ep-len", "77"]);
    let config = poles.join("config.json");
    let other = trained(folder.path(), "other", &["--config", text(&config), "--env", "InvertedPendulum"]);
    let other = json(&other.join("config.json"));
    assert_eq!((&other["solve_at"], &other["max_ep_len"]), (&950.0.into(), &serde_json::Value::Null));
    let same =
        trained(folder.path(), "same", &["--config", text(&config), "--env", "CartPole-v1", "--optimizer", "sgd"]);
    let same = json(&same.join("config.json"));
    assert_eq!((&same["solve_at"], &same["max_ep_len"]), (&475.0.into(), &77.into()));
    refused(&["--config", text(&config), "--preset", "spinning-up"], &["preset = spinning-up", "config.json"]);
}

#[cfg(feature = "atari")]
#[test]
fn a_frame_skip_in_a_file_is_the_one_that_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pong.toml");
    fs::write(&file, "env = \"Pong\"\ntrain_v_iters = 1\n[pixels]\nframe_skip = 2").unwrap();
    let pong = trained(folder.path(), "pong", &["--config", text(&file)]);
    let pixels = &json(&pong.join("config.json"))["pixels"];
    assert_eq!((&pixels["frame_skip"], &pixels["fixed_skip"]), (&2.0.into(), &true.into()));
    assert_eq!(json(&pong.join("summary.json"))["raw_frames"], 64);
    fs::write(&file, "env = \"Pong\"\n[pixels]\nframe_skip = 2.5").unwrap();
    refused(&["--config", text(&file)], &["frame-skip = 2.5", "whole number"]);

    let config = pong.join("config.json");
    let edited = fs::read_to_string(&config).unwrap().replace("\"fixed_skip\": true", "\"fixed_skip\": false");
    let file = folder.path().join("edited.json");
    fs::write(&file, edited).unwrap();
    refused(&["--config", text(&file)], &["frame_skip = 2", "fixed_skip"]);
}

#[test]
fn an_evaluation_says_how_many_episodes_are_different() {
    let folder = tempfile::tempdir().unwrap();
    let poles = trained(folder.path(), "poles", &["--env", "CartPole"]);
    let output = run(&["eval", text(&poles), "--episodes", "40"]);
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("; 40 different episodes\n"), "{}", stderr(&output));
    #[cfg(feature = "atari")]
    {
        // Pong begins after 1 to 30 frames without an action, and is played alike from then on.
        let pong = trained(folder.path(), "pong", &["--env", "Pong", "--train-v-iters", "1"]);
        let args = ["eval", text(&pong), "--episodes", "64", "--max-ep-len", "60", "--deterministic", "--json"];
        let report: serde_json::Value = serde_json::from_slice(&run(&args).stdout).unwrap();
        let different = report["different_episodes"].as_u64().unwrap();
        assert!((2..=30).contains(&different), "{report}");
    }
}

#[test]
fn unknown_environments_and_flags_are_answered() {
    for (args, words) in [
        ("--env Foo", ["unknown environment \"Foo\"", "`vpg envs` lists"]),
        ("--env CartPole --total-timesteps 1000", ["--frames", "raw frames"]),
        ("--env CartPole --batch_size=64", ["--batch-size", "--minibatch"]),
        ("--env CartPole --learning-rate 1e-3", ["--lr", "Both learning rates"]),
        ("--env CartPole --discount 0.9", ["--gamma", "Discount"]),
        ("--env CartPole --hid a,b", ["--hid = a,b", "such as 64,64"]),
    ] {
        refused(&args.split(' ').collect::<Vec<_>>(), &words);
    }
    assert!(stderr(&run(&["recipe", "Foo"])).contains("`vpg envs`"));
}

#[cfg(feature = "atari")]
#[test]
fn ids_as_others_spell_them_are_known_or_lead_to_ours() {
    for (id, near) in [
        ("ALE/Pong-v4", "ALE/Pong-v5"),
        ("Pong-v5", "Pong-v"),
        ("ALE/Breakout", "ALE/Breakout-v5"),
        ("Breakout-v5", "ALE/Breakout-v5"),
    ] {
        refused(&["--env", id], &["did you mean", near]);
    }
    for id in ["BreakoutNoFrameskip-v4", "Acrobot-v1", "Breakout-v4", "ALE/Breakout-v5"] {
        assert!(run(&["recipe", id]).status.success(), "{id}");
    }
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, args: &[&str]| {
        let path = folder.path().join(name);
        let flags = ["--epochs", "1", "--steps-per-epoch", "16", "--num-envs", "1", "--run-dir", text(&path)];
        stderr(&run(&[&["--env", "PongNoFrameskip-v4"], args, &flags].concat()))
    };
    let hint = "usual: --frame-skip 4 --noops 30";
    assert!(said("bare", &[]).contains(hint));
    assert!(!said("usual", &["--frame-skip", "4", "--noops", "30"]).contains(hint));
}

#[test]
fn layer_sizes_are_understood_as_a_list() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sizes) in [("a", "[8,4]"), ("b", "8, 4"), ("c", "(8, 4)"), ("d", "8,4")] {
        let path = trained(folder.path(), name, &["--env", "CartPole", "--hid", sizes]);
        assert_eq!(json(&path.join("config.json"))["hid"], serde_json::json!([8, 4]), "{sizes}");
    }
}

#[test]
fn the_help_names_defaults_and_where_they_come_from() {
    let output = run(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Steps in a mini-batch [default: none]",
        "running mean stays (Adam) [default: 0.9]",
        "Lambda of GAE [default: the recipe's]",
        "The rule of a step [default: adam]",
        "`vpg recipe ID` prints them",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

/// A state has no device: a run that was trained on CUDA goes on without, and on one kind of device to the same bytes.
#[test]
fn a_run_goes_on_on_another_device() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = trained(folder.path(), "run", &["--env", "CartPole"]);
    let config = run_dir.join("config.json");
    let written = fs::read_to_string(&config).unwrap();
    fs::write(&config, written.replace("\"device\": \"auto\"", "\"device\": \"cuda:63\"")).unwrap();
    let output = run(&["--resume", text(&run_dir), "--epochs", "2"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("device = cuda:63") && stderr(&output).contains("--device cpu"));
    assert!(run(&["--resume", text(&run_dir), "--epochs", "2", "--device", "cpu"]).status.success());
    assert_eq!(json(&config)["device"], "cpu");
    assert!(run(&["--resume", text(&run_dir), "--epochs", "3"]).status.success());

    let whole = folder.path().join("whole");
    let args = ["--env", "CartPole", "--epochs", "3", "--run-dir", text(&whole)];
    assert!(run(&[&args[..], &SHORT[2..]].concat()).status.success());
    let policy = |run: &Path| fs::read(run.join("checkpoints/latest.safetensors")).unwrap();
    assert!(policy(&run_dir) == policy(&whole));
}

/// What a terminal of 80 columns in the locale C gets.
#[cfg(unix)]
fn on_a_terminal(args: &[&str]) -> Vec<u8> {
    let program = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let mut command = Command::new("python3");
    command.args(["-c", program, env!("CARGO_BIN_EXE_vpg")]).args(args).env("LC_ALL", "C");
    let output = command.stdin(std::process::Stdio::null()).output().expect("there is a Python 3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    output.stdout
}

#[cfg(unix)]
#[test]
fn a_terminal_of_ascii_gets_ascii_in_lines_of_eighty_columns_that_stay() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let args = ["--env", "CartPole", "--epochs", "300", "--hid", "4", "--solve-at", "490", "--run-dir", text(&run_dir)];
    let shown = String::from_utf8(on_a_terminal(&args)).expect("ASCII is UTF-8");
    assert!(shown.is_ascii(), "{shown}");
    // Without what moves the cursor. A line is filled up with blanks before the bar, which comes last.
    let pieces = shown.split('\x1b').enumerate();
    let text_of =
        |piece: &str| piece.trim_start_matches(|c| "[0123456789;".contains(c)).get(1..).unwrap_or("").to_owned();
    let plain: String = pieces.map(|(i, piece)| if i == 0 { piece.to_owned() } else { text_of(piece) }).collect();
    let lines: Vec<&str> = plain.split("epoch ").skip(1).collect();
    assert!(lines.len() >= 2, "{plain}");
    for line in lines {
        let row = line.split(['\n', '\r']).next().unwrap_or("");
        let (before, bar) =
            row.split_at(["#", ">", "---"].iter().filter_map(|bar| row.find(bar)).min().unwrap_or(row.len()));
        assert!("epoch ".len() + before.len() <= 80 && bar.trim_end().len() <= 80, "{row}");
    }
}
