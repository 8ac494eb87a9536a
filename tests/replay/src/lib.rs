//! Reads golden files (`tests/parity/README.md`) and compares our answers with theirs.
//!
//! The golden files are the committed small ones, or those of the folder that `PARITY_RECORDINGS` names. Where
//! `PARITY_REPORT` names a file, every case appends its result to it as a line of JSON: that is `make parity`'s table.

pub mod episode;

use std::{
    fmt::Debug,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use bytemuck::Pod;
use envs::{Action, Element, Env, Info, Seed, Step};
use serde_json::{Value, json};

/// A golden file: what one of the originals answered.
pub struct Recording {
    /// The file's name for reports.
    pub case: String,
    /// Its first line: columns, seeds, options.
    pub header: Value,
    columns: Vec<(String, Vec<u8>)>,
}

/// The recordings of a subject, such as `cartpole`. None at all is a failure: a test must compare something.
pub fn recordings(subject: &str) -> Vec<Recording> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../parity/golden");
    let folder = std::env::var_os("PARITY_RECORDINGS").map_or(committed, PathBuf::from).join(subject);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("no recordings in {folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rec"));
    paths.sort();
    assert!(!paths.is_empty(), "no recordings in {folder:?}");
    paths.iter().map(|path| Recording::read(path)).collect()
}

impl Recording {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line of JSON");
        let header: Value = serde_json::from_slice(&bytes[..end]).unwrap();
        let mut rest = &bytes[end + 1..];
        let columns = header["columns"].as_array().unwrap().iter().map(|column| {
            let [name, kind] = [0, 1].map(|i| column[i].as_str().unwrap());
            let count: u64 = column[2].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).product();
            let bits: usize = kind[1..].parse().unwrap();
            let (data, after) = rest.split_at(count as usize * bits / 8);
            rest = after;
            (name.to_owned(), data.to_vec())
        });
        let columns = columns.collect();
        assert!(rest.is_empty(), "{path:?} goes on after its columns");
        Self { case: header["case"].as_str().unwrap().into(), columns, header }
    }

    /// Each of the rollouts that the file has one after the other.
    pub fn parts(&self) -> Vec<Self> {
        let number = |value: &Value| value.as_u64().expect("a number") as usize;
        let parts = self.header["parts"].as_array().expect("parts");
        let all: usize = parts.iter().map(|part| number(&part["rows"])).sum();
        let (mut row, mut seed) = (0, 0);
        let mut part_of = |part: &Value| {
            let (rows, seeds) = (row..row + number(&part["rows"]), seed..seed + number(&part["seeds"]));
            (row, seed) = (rows.end, seeds.end);
            let columns = self.columns.iter().map(|(name, bytes)| {
                let width = bytes.len() / all;
                (name.clone(), bytes[rows.start * width..rows.end * width].to_vec())
            });
            let columns = columns.collect();
            let mut header = self.header.clone();
            header["seeds"] = self.header["seeds"].as_array().expect("seeds")[seeds].into();
            header["kwargs"] = part["kwargs"].clone();
            Self { case: format!("{}/{}", self.case, part["kwargs"]), header, columns }
        };
        parts.iter().map(&mut part_of).collect()
    }

    /// A column's numbers, row-major.
    pub fn column<T: Pod>(&self, name: &str) -> Vec<T> {
        const { assert!(cfg!(target_endian = "little"), "golden files are little-endian") }
        let found = self.columns.iter().find(|(column, _)| column == name);
        bytemuck::pod_collect_to_vec(&found.unwrap_or_else(|| panic!("{} has no {name}", self.case)).1)
    }

    /// Whether there is such a column.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(column, _)| column == name)
    }

    /// The header's list of seeds.
    pub fn seeds(&self) -> Vec<Seed> {
        let seeds = self.header["seeds"].as_array().expect("seeds");
        seeds.iter().map(|seed| seed.as_str().unwrap().parse().unwrap()).collect()
    }

    /// The options that the original was made with.
    pub fn kwargs(&self) -> &serde_json::Map<String, Value> {
        self.header["kwargs"].as_object().expect("options")
    }

    /// The id of our environment.
    pub fn env(&self) -> &str {
        self.header["env"].as_str().expect("an environment's id")
    }
}

/// Counts how many rows of a case differ from the original's, and remembers the first difference.
pub struct Comparison {
    case: String,
    steps: usize,
    mismatches: usize,
    first: Option<String>,
    known: Option<String>,
    row: Row,
}

#[derive(Default)]
struct Row {
    number: usize,
    differs: bool,
}

/// Equality to the bit: a zero's sign counts. Of a NaN the processor chooses the bits, which do not count.
pub trait Exact: Copy + Debug {
    /// Whether the bits are equal, or both are NaN.
    fn same(self, other: Self) -> bool;
}

macro_rules! exact {
    ($($type:ty),*) => {$(
        impl Exact for $type {
            fn same(self, other: Self) -> bool {
                let both_are_nan = [self, other].iter().all(|number| *number != *number);
                both_are_nan || bytemuck::bytes_of(&self) == bytemuck::bytes_of(&other)
            }
        }
    )*};
}
exact!(u8, i8, u32, u64, i64, f32, f64);

impl Comparison {
    /// No row yet.
    pub fn new(case: &str) -> Self {
        Self { case: case.into(), steps: 0, mismatches: 0, first: None, known: None, row: Row::default() }
    }

    /// Says that a difference is known, and why there is one: it does not fail, but its absence does.
    pub fn known(self, reason: &str) -> Self {
        Self { known: Some(reason.into()), ..self }
    }

    /// Begins the next row; what is compared from here on belongs to it.
    pub fn row(&mut self) {
        self.row = Row { number: self.steps, differs: false };
        self.steps += 1;
    }

    /// Compares one number of the row.
    pub fn equal<T: Exact>(&mut self, what: &str, ours: T, theirs: T) {
        if !ours.same(theirs) {
            self.differ(|| format!("{what}: ours {ours:?}, theirs {theirs:?}"));
        }
    }

    /// Compares an array of the row.
    pub fn all_equal<T: Exact>(&mut self, what: &str, ours: &[T], theirs: &[T]) {
        if ours.len() != theirs.len() || !ours.iter().zip(theirs).all(|(ours, theirs)| ours.same(*theirs)) {
            self.differ(|| format!("{what}: ours {ours:?}, theirs {theirs:?}"));
        }
    }

    /// Counts the row as different.
    pub fn differ(&mut self, describe: impl FnOnce() -> String) {
        self.mismatches += usize::from(!self.row.differs);
        self.row.differs = true;
        let number = self.row.number;
        self.first.get_or_insert_with(|| format!("row {number}, {}", describe()));
    }
}

/// Reports every case, then fails if any row of any case differed without a known reason.
pub fn finish(comparisons: impl IntoIterator<Item = Comparison>) {
    let mut failures = Vec::new();
    for Comparison { case, steps, mismatches, first, known, .. } in comparisons {
        assert!(steps > 0, "{case} compared nothing");
        if let Some(path) = std::env::var_os("PARITY_REPORT") {
            let line = json!({"case": case, "steps": steps, "mismatches": mismatches, "first": first, "known": known});
            let mut file = File::options().append(true).create(true).open(path).unwrap();
            file.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        match (first, known) {
            (Some(first), None) => {
                failures.push(format!("{case}: {mismatches} of {steps} rows differ, first at {first}"));
            }
            (None, Some(reason)) => failures.push(format!("{case}: no row differs any more ({reason})")),
            _ => (),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a row of a recorded rollout is.
const STEP: u8 = 0;
const SEEDED_RESET: u8 = 1;

/// Plays a recorded rollout on our environment and compares every answer. `extra` compares what else the recording
/// has, after each row: it gets the comparison, the environment and the row's number.
pub fn replay<E: Env + ?Sized>(
    recording: &Recording,
    env: &mut E,
    mut extra: impl FnMut(&mut Comparison, &E, usize),
) -> Comparison
where
    E::Obs: Exact,
{
    let theirs = Answers::<E::Obs>::of(recording);
    let actions = Actions::of(recording);
    let mut seeds = recording.seeds().into_iter();
    let mut comparison = Comparison::new(&recording.case);
    let mut observation = vec![E::Obs::default(); env.observation_space().size()];
    for (row, kind) in recording.column::<u8>("kind").into_iter().enumerate() {
        comparison.row();
        let step = match kind {
            STEP => env.step(actions.action(row), &mut observation),
            kind => {
                let seed = (kind == SEEDED_RESET).then(|| seeds.next().expect("a seed for each seeded reset"));
                env.reset(seed.as_ref(), &mut observation).map(|info| Step { info, ..Step::default() })
            }
        };
        match step {
            Ok(step) => theirs.compare(&mut comparison, row, &observation, &step),
            Err(error) => comparison.differ(|| format!("ours refused: {error}")),
        }
        extra(&mut comparison, env, row);
    }
    comparison
}

/// The recorded actions, as the environment takes them.
enum Actions {
    Discrete(Vec<u8>),
    Continuous(Vec<f64>),
}

impl Actions {
    fn of(recording: &Recording) -> Self {
        let columns = recording.header["columns"].as_array().unwrap();
        let kind = columns.iter().find(|column| column[0] == "action").map(|column| &column[1]);
        match kind.and_then(Value::as_str) {
            Some("u8") => Self::Discrete(recording.column("action")),
            Some("f64") => Self::Continuous(recording.column("action")),
            other => panic!("{}: actions of type {other:?}", recording.case),
        }
    }

    fn action(&self, row: usize) -> Action<'_> {
        match self {
            Self::Discrete(actions) => Action::Discrete(actions[row].into()),
            Self::Continuous(actions) => Action::Continuous(&actions[row..=row]),
        }
    }
}

/// The recorded answers.
struct Answers<T> {
    observations: Observations<T>,
    rewards: Vec<f64>,
    terminated: Vec<u8>,
    truncated: Vec<u8>,
    infos: Vec<InfoColumn>,
}

enum Observations<T> {
    Whole(Vec<T>),
    Crc32(Vec<u32>),
}

/// How to read a field of our `Info` as a float, in which all of them are exact.
type InfoField = fn(&Info) -> Option<f64>;

/// A column that holds a field of `Info`: its name, its numbers, and how to read ours.
type InfoColumn = (&'static str, Vec<f64>, InfoField);

/// The fields, each with the type of its column.
const INFO: [(&str, &str, InfoField); 4] = [
    ("lives", "u32", |info| info.lives.map(f64::from)),
    ("frame_number", "u32", |info| info.frame_number.map(f64::from)),
    ("episode_frame_number", "u32", |info| info.episode_frame_number.map(f64::from)),
    // A reset has none, and 0 stands for it.
    ("reward_survive", "f64", |info| Some(info.reward_survive.unwrap_or(0.0))),
];

impl<T: Element + Exact> Answers<T> {
    fn of(recording: &Recording) -> Self {
        let recorded = INFO.into_iter().filter(|(name, _, _)| recording.has(name));
        let infos = recorded.map(|(name, kind, ours)| match kind {
            "u32" => (name, recording.column::<u32>(name).into_iter().map(f64::from).collect(), ours),
            _ => (name, recording.column(name), ours),
        });
        Self {
            observations: match recording.has("obs") {
                true => Observations::Whole(recording.column("obs")),
                false => Observations::Crc32(recording.column("obs_crc32")),
            },
            rewards: recording.column("reward"),
            terminated: recording.column("terminated"),
            truncated: recording.column("truncated"),
            infos: infos.collect(),
        }
    }

    fn compare(&self, comparison: &mut Comparison, row: usize, observation: &[T], step: &Step) {
        match &self.observations {
            Observations::Whole(all) => {
                let size = observation.len();
                comparison.all_equal("observation", observation, &all[row * size..][..size]);
            }
            Observations::Crc32(all) => {
                let crc32 = crc32fast::hash(bytemuck::cast_slice(observation));
                comparison.equal("crc32 of the observation", crc32, all[row]);
            }
        }
        comparison.equal("reward", step.reward, self.rewards[row]);
        comparison.equal("terminated", step.terminated.into(), self.terminated[row]);
        comparison.equal("truncated", step.truncated.into(), self.truncated[row]);
        for (name, theirs, ours) in &self.infos {
            match ours(&step.info) {
                Some(ours) => comparison.equal(name, ours, theirs[row]),
                None => comparison.differ(|| format!("{name}: ours none, theirs {}", theirs[row])),
            }
        }
    }
}
