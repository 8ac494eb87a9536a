//! Whatever a file or an action holds: it is refused with an error, or does no harm. Nothing panics.
//!
//! PROPTEST_CASES=10000 tries more than the default of 256 cases each. ROMs are in atari.rs.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::LazyLock,
};

use clap::Parser;
use envs::{Actions, VecEnv};
use ndarray::ArrayView2;
use proptest::prelude::*;
use tempfile::TempDir;
use vpg::{Config, Logger, PlotArgs, RunFolder, RunState, STATE_FILES as FILES, networks};

const CHECKPOINT: &str = "checkpoints/latest.safetensors";
/// All that a later command reads.
const READ: [&str; 7] =
    ["config.json", "progress.txt", "episodes.csv", "events.out.tfevents.vpg", FILES[0], FILES[1], CHECKPOINT];

/// A run of four epochs.
static RUN: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let args = "--env CartPole --epochs 4 --num-envs 2 --steps-per-epoch 64 --hid 4 --run-dir";
    let mut command = Command::new(env!("CARGO_BIN_EXE_vpg"));
    assert!(command.args(args.split(' ')).arg(folder.path()).output().unwrap().status.success());
    folder
});

/// A copy of the run in which one file holds something else.
fn copy_with(name: &str, content: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    for file in READ {
        fs::copy(RUN.path().join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join(name), content).unwrap();
    folder
}

/// What `--resume` does before it trains.
fn open(path: &Path) -> anyhow::Result<Opened> {
    let (folder, config) = RunFolder::open(path)?;
    let found = RunState::read(&folder, &config)?;
    Logger::new(&folder, &found, Box::new(|_| Ok(Vec::new())))?;
    let whole = found.warnings.is_empty();
    Ok(Opened { config, state: found.state.unwrap(), whole, table: without_times(path) })
}

struct Opened {
    config: Config,
    state: RunState,
    /// Whether nothing was said to be damaged.
    whole: bool,
    table: String,
}

fn without_times(run: &Path) -> String {
    let table = fs::read_to_string(run.join("progress.txt")).unwrap();
    table.lines().map(|line| line.rsplit_once('\t').unwrap().0).collect::<Vec<_>>().join("\n")
}

/// Opens, plots and plays as later commands would; what they accept has to be the run's own.
fn use_folder(path: &Path) {
    let picture = path.join("unused.png");
    let _ = PlotArgs::parse_from([Path::new("plot"), path, "--per-run".as_ref(), "--out".as_ref(), &picture]).run();

    let expected = open(RUN.path()).unwrap();
    let config = &expected.config;
    if let Ok(found) = open(path) {
        assert_eq!(found.config.decisive().unwrap(), config.decisive().unwrap());
        if found.whole {
            assert!(found.state == expected.state);
            assert_eq!(found.table, expected.table);
        } else {
            assert!(found.state.epoch <= expected.state.epoch && expected.table.starts_with(&found.table));
        }
    }

    let (mut ours, mut theirs) = (networks(config).unwrap(), networks(config).unwrap());
    RunFolder::new(RUN.path()).load_policy(&RUN.path().join(CHECKPOINT), &mut ours).unwrap();
    if RunFolder::new(path).load_policy(&path.join(CHECKPOINT), &mut theirs).is_ok() {
        for ((name, a), (_, b)) in ours.named_parameters().iter().zip(theirs.named_parameters()) {
            assert!(a.equal(&b), "{name} was changed and nobody noticed");
        }
    }
}

fn vpg(args: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vpg")).args(args.split_whitespace()).output().unwrap()
}

/// Exit code 1 or 2, and a last line, or with TOML's excerpt a first one, that is an error and names `named`.
fn assert_refused(args: &str, exit_code: i32, named: &str) {
    let output = vpg(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit_code), "{args}: {text}");
    let error = text.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{args}: {text}"));
    assert!(error.contains(named) && !text.contains("panicked"), "{args}: {text}");
}

#[test]
fn broken_config_files_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, named) in [
        ("open.toml", &b"env = \"CartPole\n"[..], "TOML parse error at line 1"),
        ("comma.json", b"{\"env\": \"CartPole\",}", "trailing comma at line 1"),
        ("list.json", b"[1, 2]", "expected a map"),
        ("bytes.toml", b"\xff\xfe", "UTF-8"),
        ("no-env.toml", b"epochs = 3", "--env is missing"),
        ("kind.toml", b"env = 3", "env = 3: expected a text"),
        ("number.toml", b"env = \"CartPole\"\ngamma = \"x\"", "gamma = x"),
        ("nan.toml", b"env = \"CartPole\"\nmax_grad_norm = nan", "TOML parse error at line 2"),
        ("negative.toml", b"env = \"CartPole\"\nepochs = -3", "epochs = -3: expected a whole number"),
        ("word.toml", b"env = \"CartPole\"\nreturns = 3", "returns = 3: expected one of the words"),
        ("range.toml", b"env = \"CartPole\"\ngamma = 2.0", "gamma = 2"),
        ("nested.toml", b"env = \"CartPole\"\nhid = [[1]]", "hid = [[1]]"),
        ("key.json", b"{\"env\": \"CartPole\", \"sead\": 1}", "did you mean \"seed\""),
    ] {
        let (file, run) = (folder.path().join(name), folder.path().join("run"));
        fs::write(&file, content).unwrap();
        assert_refused(&format!("--config {} --run-dir {}", file.display(), run.display()), 2, named);
        assert!(!run.exists(), "{name}");
    }
}

/// With one of its files gone, a run is refused by the tools that need the file, and serves the others.
#[test]
fn half_deleted_runs_serve_whoever_does_not_need_the_rest() {
    let tools = ["eval RUN --episodes 1", "record RUN --max-frames 2", "plot RUN --out RUN/plot.png", "--resume RUN"];
    for (gone, refused) in [
        ("config.json", [true, true, true, true]),
        ("progress.txt", [false, false, true, true]),
        ("episodes.csv", [false, false, false, true]),
        ("events.out.tfevents.vpg", [false; 4]),
        (FILES[0], [false; 4]),
        (FILES[1], [false; 4]),
        (CHECKPOINT, [true, true, false, false]),
    ] {
        for (tool, refused) in tools.into_iter().zip(refused) {
            let run = copy_with("unused", b"");
            fs::remove_file(run.path().join(gone)).unwrap();
            let args = tool.replace("RUN", &run.path().display().to_string());
            if refused {
                assert_refused(&args, 1, gone);
            } else {
                let output = vpg(&args);
                assert!(output.status.success(), "{tool} without {gone}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let run = RUN.path().display();
    for args in [
        "plot RUN --out no/file.png",
        "record RUN --out no/file.gif",
        "eval RUN --gif no/file.gif",
        "record RUN --frames /dev/null/file",
    ] {
        assert_refused(&args.replace("RUN", &run.to_string()), 1, "file");
    }
}

/// What can happen to a file.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Overwrite(prop::sample::Index, Vec<u8>),
    Insert(prop::sample::Index, Vec<u8>),
    Replace(Vec<u8>),
}

impl Damage {
    fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        match self {
            Self::Flip(at, bit) => damaged[at.index(bytes.len())] ^= 1 << bit,
            Self::Cut(at) => damaged.truncate(at.index(bytes.len())),
            Self::Overwrite(at, with) => {
                damaged.iter_mut().skip(at.index(bytes.len())).zip(with).for_each(|(byte, new)| *byte = *new);
            }
            Self::Insert(at, what) => drop(damaged.splice(at.index(bytes.len()).., what.iter().copied())),
            Self::Replace(with) => damaged.clone_from(with),
        }
        damaged
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let bytes = || prop::collection::vec(any::<u8>(), 0..64);
    prop_oneof![
        4 => (at(), 0..8u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        4 => at().prop_map(Damage::Cut),
        1 => (at(), bytes()).prop_map(|(at, bytes)| Damage::Overwrite(at, bytes)),
        1 => (at(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => bytes().prop_map(Damage::Replace),
    ]
}

proptest! {
    #[test]
    fn damage_to_a_run_folder_is_noticed_or_harmless(name in prop::sample::select(&READ[..]), damage in damage()) {
        let original = fs::read(RUN.path().join(name)).unwrap();
        use_folder(copy_with(name, &damage.of(&original)).path());
    }

    /// A config that was edited: any field, any number or text of the kind that stands there or of another.
    #[test]
    fn edited_configs_are_refused_or_make_sense(field in any::<prop::sample::Index>(), value in json()) {
        let text = fs::read(RUN.path().join("config.json")).unwrap();
        let mut config: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&text).unwrap();
        let name = config.keys().nth(field.index(config.len())).unwrap().clone();
        config.insert(name, value);
        use_folder(copy_with("config.json", &serde_json::to_vec(&config).unwrap()).path());
    }

    /// A log of other numbers than a run would write.
    #[test]
    fn logs_of_any_numbers_are_plotted_or_refused(rows in prop::collection::vec(row(), 0..20)) {
        let text = format!("TotalEnvInteracts\tAverageEpRet\n{}", rows.concat());
        use_folder(copy_with("progress.txt", text.as_bytes()).path());
    }

    #[test]
    fn discrete_actions_are_refused_or_taken(actions in prop::collection::vec(any_action(), 0..5)) {
        let mut envs = VecEnv::<f32>::make("CartPole-v1", 3, 1).unwrap();
        envs.reset(&0.into()).unwrap();
        let fits = actions.len() == 3 && actions.iter().all(|action| (0..2).contains(action));
        prop_assert_eq!(envs.step(Actions::Discrete(&actions)).is_ok(), fits);
        prop_assert!(envs.step(Actions::Discrete(&[0, 1, 0])).is_ok());
    }

    #[test]
    fn continuous_actions_are_refused_or_taken(
        rows in 0..4usize,
        columns in 0..3usize,
        values in prop::collection::vec(prop::num::f64::ANY, 9),
    ) {
        let mut envs = VecEnv::<f64>::make("InvertedPendulum-v5", 3, 1).unwrap();
        envs.reset(&0.into()).unwrap();
        let view = ArrayView2::from_shape((rows, columns), &values[..rows * columns]).unwrap();
        let taken = envs.step(Actions::Continuous(view)).is_ok();
        prop_assert!(!taken || (rows, columns) == (3, 1));
        prop_assert!(envs.step(Actions::Discrete(&[0, 0, 0])).is_err());
        prop_assert!(envs.step(Actions::Continuous(ArrayView2::from_shape((3, 1), &[0.1, 0.2, 0.3]).unwrap())).is_ok());
    }
}

fn any_action() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -1..3i64, 1 => any::<i64>()]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let number = prop_oneof![any::<u64>(), 0..100u64].prop_map(serde_json::Value::from);
    let fraction = any::<f64>().prop_map(serde_json::Value::from);
    let text = ".{0,20}".prop_map(serde_json::Value::from);
    prop_oneof![number, fraction, text, Just(serde_json::Value::Null), Just(serde_json::json!([1, 2, 3]))]
}

fn row() -> impl Strategy<Value = String> {
    let number = || prop_oneof![any::<f64>().prop_map(|x| x.to_string()), Just("NaN".into()), "[0-9eE.+-]{0,6}"];
    (number(), number()).prop_map(|(x, y): (String, String)| format!("{x}\t{y}\n"))
}
