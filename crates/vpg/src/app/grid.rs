//! `vpg grid`: one run for every combination of hyperparameters and seed, several side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use crate::{
    app::{grid_args::GridArgs, help},
    interrupt::Interrupt,
    learn::moments::Moments,
    run::folder::{RunFolder, Summary},
    run::progress,
};

/// One run of the grid.
#[derive(Clone, Debug)]
struct Job {
    /// The combination's folder name.
    name: String,
    seed: u64,
    /// The command line without what says where the run is kept.
    flags: Vec<String>,
    folder: PathBuf,
}

/// A row of `summary.csv`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    seed: u64,
    /// `finished`, `interrupted` or `failed`.
    status: String,
    env_steps: Option<u64>,
    episodes: Option<u64>,
    mean_return_100: Option<f64>,
    best_mean_return_100: Option<f64>,
    solved: Option<bool>,
    solved_at_frames: Option<u64>,
    solved_at_seconds: Option<f64>,
    wall_seconds: Option<f64>,
}

const FINISHED: &str = "finished";

impl GridArgs {
    /// Refuses what no run could begin with.
    ///
    /// # Errors
    /// The first combination's that is wrong, as the training command would say it.
    pub fn check(&self) -> Result<()> {
        for owned in ["--seed", "--run-dir", "--resume", "--exp-name"] {
            let given = |flag: &String| flag.split('=').next().is_some_and(|name| name.replace('_', "-") == owned);
            ensure!(!self.flags.iter().any(given), "{owned} cannot be a flag of all runs: the grid sets it");
        }
        let (mut folders, mut configs) = (BTreeSet::new(), BTreeMap::new());
        for job in self.jobs() {
            ensure!(
                folders.insert(job.folder.clone()),
                "{} is there twice: name each value and seed once",
                job.key_text()
            );
            let args = std::iter::once("vpg").chain(job.flags.iter().map(String::as_str)).map(OsString::from);
            let cli = help::parse(args.collect()).map_err(|error| {
                let text = error.to_string();
                let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
                anyhow::anyhow!("{}: {line}", job.name)
            })?;
            if cli.command.is_some() {
                bail!("the flags after -- are those of training");
            }
            let config = cli.train.config().with_context(|| job.name.clone())?;
            if let Some(other) = configs.insert(serde_json::to_string(&config)?, job.key_text()) {
                bail!("{other} and {} are one run: name each value once", job.key_text());
            }
            if job.folder.join("config.json").exists() {
                let same = RunFolder::open(&job.folder)?.1 == config;
                ensure!(same, "{} holds a run with other flags: choose another folder", job.folder.display());
            }
        }
        Ok(())
    }

    /// Trains whatever is not finished yet, writes `summary.csv` and prints a line for each combination. The exit code is
    /// 1 where a run failed and 130 after Ctrl-C.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn run(&self, stop: &Interrupt) -> Result<ExitCode> {
        fs::create_dir_all(&self.out).with_context(|| format!("cannot write {}", self.out.display()))?;
        let jobs = self.jobs();
        let table = self.out.join("summary.csv");
        let rows = Mutex::new(read(&table)?);
        let done =
            |job: &&Job| rows.lock().is_ok_and(|rows| rows.get(&job.key()).is_some_and(|row| row.status == FINISHED));
        let (finished, open): (Vec<&Job>, Vec<&Job>) = jobs.iter().partition(done);
        let bar = progress::bar(jobs.len() as u64, "runs");
        bar.set_position(finished.len() as u64);
        let queue = Mutex::new(open.into_iter());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let worker = || -> Result<()> {
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(job) = job.filter(|_| !stop.is_raised()) else { return Ok(()) };
                let row = job.run(stop)?;
                tell(&bar, job, &row);
                let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
                rows.insert(job.key(), row);
                write(&table, &rows)?;
            }
        };
        std::thread::scope(|scope| {
            let jobs = self.jobs.map_or(cores, |jobs| jobs as usize).min(jobs.len());
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker broke off")))
        })?;
        bar.finish_and_clear();
        let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Nobody may be reading any more; the exit code tells how it went.
        let _ = writeln!(std::io::stdout(), "{}{}", report(&rows), table.display());
        Ok(if stop.is_raised() {
            progress::tell("interrupted: finished runs are kept; the same command goes on with the others");
            ExitCode::from(130)
        } else if jobs.iter().all(|job| rows.get(&job.key()).is_some_and(|row| row.status == FINISHED)) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Every combination of values with every seed; the seeds of a combination follow each other.
    fn jobs(&self) -> Vec<Job> {
        let mut combinations: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
        for axis in &self.vary {
            let shorter = std::mem::take(&mut combinations);
            for (chosen, value) in
                shorter.iter().flat_map(|chosen| axis.values.iter().map(move |value| (chosen, value)))
            {
                combinations.push([chosen.as_slice(), &[(&axis.flag, value)]].concat());
            }
        }
        let jobs = combinations.iter().flat_map(|chosen| self.seeds.0.iter().map(move |&seed| self.job(chosen, seed)));
        jobs.collect()
    }

    fn job(&self, chosen: &[(&str, &str)], seed: u64) -> Job {
        let named = chosen.iter().map(|(flag, value)| format!("{flag}={}", value.replace('/', "-")));
        let name = if chosen.is_empty() { "default".into() } else { named.collect::<Vec<_>>().join("_") };
        let varied = chosen.iter().map(|(flag, value)| format!("--{flag}={value}"));
        let flags = self.flags.iter().cloned().chain(varied).chain([format!("--seed={seed}")]).collect();
        let folder = self.out.join(&name).join(format!("seed-{seed}"));
        Job { name, seed, flags, folder }
    }
}

impl Job {
    fn key_text(&self) -> String {
        format!("{} with seed {}", self.name, self.seed)
    }

    fn key(&self) -> (String, u64) {
        (self.name.clone(), self.seed)
    }

    fn log(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    /// Trains in a process of its own, or goes on with a run that was stopped; what it says goes to the log.
    fn run(&self, stop: &Interrupt) -> Result<Row> {
        let log = self.log();
        fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
        let file = File::options().create(true).append(true).open(&log);
        let file = file.with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(std::env::current_exe().context("where is this program?")?);
        if self.folder.join("config.json").exists() {
            command.arg("--resume").arg(&self.folder);
        } else {
            command.args(&self.flags).arg("--run-dir").arg(&self.folder);
        }
        let status =
            wait(command.arg("--ends-with-stdin").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(file), stop)?;
        let summary = RunFolder::new(&self.folder).summary();
        let status = match status.code() {
            Some(0) => FINISHED,
            Some(130) => "interrupted",
            None if stop.is_raised() => "interrupted", // before it listened to signals
            _ => "failed",
        };
        Ok(self.row(status, summary))
    }

    fn row(&self, status: &str, summary: Option<Summary>) -> Row {
        let of = summary.as_ref();
        Row {
            name: self.name.clone(),
            seed: self.seed,
            status: status.into(),
            env_steps: of.map(|summary| summary.env_steps),
            episodes: of.map(|summary| summary.episodes),
            mean_return_100: of.and_then(|summary| summary.mean_return_100),
            best_mean_return_100: of.and_then(|summary| summary.best_mean_return_100),
            solved: of.map(|summary| summary.solved),
            solved_at_frames: of.and_then(|summary| summary.solved_at_frames),
            solved_at_seconds: of.and_then(|summary| summary.solved_at_seconds),
            wall_seconds: of.map(|summary| summary.wall_seconds),
        }
    }
}

/// How often a worker looks whether its run has ended.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs to the end. The process gets a group of its own, out of the terminal's reach: it is told of Ctrl-C from here, and
/// just once, since the second time a run ends without saving.
fn wait(command: &mut Command, stop: &Interrupt) -> Result<ExitStatus> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn()?;
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if !told && stop.is_raised() {
            told = true;
            interrupt(&mut child)?;
        }
        std::thread::sleep(PATIENCE);
    }
}

/// What Ctrl-C does.
#[cfg(unix)]
fn interrupt(child: &mut Child) -> Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    // Not SIGINT, which is ignored where the grid was begun with a shell's `&`.
    Ok(kill_process(Pid::from_child(child), Signal::TERM)?)
}

#[cfg(not(unix))]
fn interrupt(child: &mut Child) -> Result<()> {
    Ok(child.kill()?)
}

fn tell(bar: &ProgressBar, job: &Job, row: &Row) {
    let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.1}"));
    let see = if row.status == "failed" { format!(", see {}", job.log().display()) } else { String::new() };
    let line = format!("{}: {}, last 100: {}{see}", job.folder.display(), row.status, number(row.mean_return_100));
    bar.inc(1);
    progress::say(bar, &line);
}

type Rows = BTreeMap<(String, u64), Row>;

fn read(table: &Path) -> Result<Rows> {
    if !table.exists() {
        return Ok(Rows::new());
    }
    let damaged = || format!("{} is no summary of a grid", table.display());
    let mut reader = csv::Reader::from_path(table).with_context(damaged)?;
    let row = |row: Result<Row, csv::Error>| row.map(|row| ((row.name.clone(), row.seed), row));
    reader.deserialize().map(row).collect::<Result<_, _>>().with_context(damaged)
}

/// Writes the table whole or not at all.
fn write(table: &Path, rows: &Rows) -> Result<()> {
    let temporary = table.with_extension("csv.tmp");
    let mut writer = csv::Writer::from_path(&temporary)?;
    rows.values().try_for_each(|row| writer.serialize(row))?;
    writer.flush()?;
    fs::rename(&temporary, table).with_context(|| format!("cannot write {}", table.display()))
}

/// A line for each combination: its finished seeds, and mean and deviation of their last hundred episodes' returns.
fn report(rows: &Rows) -> String {
    let mut names: Vec<&str> = rows.values().map(|row| row.name.as_str()).collect();
    names.dedup();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0).max("combination".len());
    let mut text = format!("{:<width$} {:>8} {:>8} {:>20}\n", "combination", "finished", "solved", "mean return (100)");
    for name in names {
        let seeds: Vec<&Row> = rows.values().filter(|row| row.name == name && row.status == FINISHED).collect();
        let solved = seeds.iter().filter(|row| row.solved == Some(true)).count();
        let returns: Vec<f64> = seeds.iter().filter_map(|row| row.mean_return_100).collect();
        let Moments { mean, std, .. } = Moments::of(returns.iter().copied());
        let mean = if returns.is_empty() { "-".into() } else { format!("{mean:.2} +- {std:.2}") };
        text += &format!("{name:<width$} {:>8} {solved:>8} {mean:>20}\n", seeds.len());
    }
    text
}
