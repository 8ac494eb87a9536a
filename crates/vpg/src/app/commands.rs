//! What each command does.

use std::{
    collections::HashSet,
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::CommandFactory;
use envs::{Element, Error, Space, VecEnv};
use preprocess::StepClock;
use serde_json::json;

use crate::{
    app::cli::{Cli, Command, TrainArgs},
    app::doctor,
    app::pictures::pictures,
    app::signals::{end_with_stdin, watched_interrupt},
    collect::environment::{self, AnyVecEnv, networks_for, with_vec_env},
    config::{
        Budget, Config, EnvironmentOptions, InvalidValue, NetworkOptions, PixelConfig, WriteUp, presets::preset,
        recipes::is_general, sources::LayerError,
    },
    group::Group,
    interrupt::{Interrupt, Interrupted},
    learn::moments::Moments,
    nn::machine,
    nn::policy::{ActorCritic, NetworkKind},
    play::evaluate::{self, EvalArgs, Play, Played},
    play::record::{self, RecordArgs, Recording},
    play::watch,
    profile::Profile,
    run::folder::{RunFolder, Summary},
    run::logger::{Evaluate, Logger},
    run::progress::{self, tell},
    run::resume::{Found, RunState},
    train::{Trainer, train},
};

/// After a wish to end, as shells have it for Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// Why a command ended, and the process's exit code: 2 where the command line is wrong, 130 after a wish to end, 1
/// otherwise.
#[derive(Debug)]
pub struct Failure {
    /// What to tell.
    pub error: anyhow::Error,
    /// For the shell.
    pub exit_code: u8,
}

impl Failure {
    /// Whether it is only that nobody reads the output any more, as after `| head`.
    pub fn is_broken_pipe(&self) -> bool {
        let broken = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
        self.error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
    }

    /// Where to look for what is not known, and like nothing that is.
    pub fn hint(&self) -> &'static str {
        let lost = |error: &Error| matches!(error, Error::UnknownEnv { nearest: None, .. });
        let mut causes = self.error.chain();
        let any = causes.any(|cause| match cause.downcast_ref() {
            Some(LayerError::Env(error)) => lost(error),
            _ => cause.downcast_ref().is_some_and(lost),
        });
        if any { "; `vpg envs` lists the environments" } else { "" }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let exit_code = match () {
            () if error.is::<InvalidValue>() => 2,
            () if error.is::<Interrupted>() => INTERRUPTED,
            () => 1,
        };
        Self { error, exit_code }
    }
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure { error: error.into(), exit_code: 2 }
}

/// Runs the command. `started` is when the process began.
///
/// # Errors
/// [`Failure`], with the exit code that belongs to it.
pub fn run(cli: Cli, started: Instant) -> Result<ExitCode, Failure> {
    if let Some(asked) = machine::lacking() {
        let expected = "instructions that this processor has, or unset";
        return Err(InvalidValue::new("ATEN_CPU_CAPABILITY", asked, expected).into());
    }
    match cli.command {
        None => run_train(&cli.train, started),
        Some(Command::Eval(args)) => run_eval(&args),
        Some(Command::Grid(args)) => {
            args.check().map_err(usage)?;
            Ok(args.run(&watched_interrupt()?)?)
        }
        Some(Command::Record(args)) => run_record(&args),
        Some(Command::Watch(args)) => {
            open_run(&args.run)?;
            Ok(watch::watch(&args).map(|()| ExitCode::SUCCESS)?)
        }
        Some(Command::Plot(args)) => {
            args.run()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Recipe { env, preset: write_up }) => {
            let config = match (write_up, env) {
                (Some(write_up), env) => preset(write_up, env.as_deref()),
                (None, env) => Config::for_env(&env.unwrap_or_default()),
            };
            let config = config.map_err(usage)?;
            writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&config)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Envs) => list_envs(),
        Some(Command::Doctor) => Ok(doctor::run()?),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "vpg", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_train(args: &TrainArgs, started: Instant) -> Result<ExitCode, Failure> {
    let group = Rc::new(if args.mpi { Group::join().map_err(usage)? } else { Group::alone() });
    let result = run_in(&group, args, started);
    if let (Err(Failure { error, exit_code }), 2..) = (&result, group.size()) {
        tell(&format!("error in process {} of {}: {error:#}", group.rank(), group.size()));
        group.abort(*exit_code); // the others may be waiting for this one
    }
    result
}

fn run_in(group: &Rc<Group>, args: &TrainArgs, started: Instant) -> Result<ExitCode, Failure> {
    let clock = args.profile.then(Arc::<StepClock>::default);
    let Prepared { folder, _lock, config, found, env, policy } = match &args.resume {
        None => begin(args, group, clock.as_ref())?,
        Some(path) => go_on(args, path, group, clock.as_ref())?,
    };
    rayon::ThreadPoolBuilder::new().num_threads(config.environment.threads).build_global()?;
    tch::set_num_threads(config.network.torch_threads as i32);
    let stop = watched_interrupt()?;
    if args.ends_with_stdin {
        end_with_stdin(&stop)?;
    }
    let draw = |folder| Logger::new(folder, &found, pictures(&config, args.render, &stop));
    let mut logger = folder.as_ref().map(draw).transpose()?;
    if let Some(logger) = &mut logger {
        logger.evaluate_by(evaluation(&config));
        logger.say(&format!("run folder {}", logger.folder().path().display()));
    }
    if let Some(why) = machine::difference() {
        tell(&format!("warning: this run may come out otherwise than elsewhere: {why}"));
    }
    let run = Run { config: &config, group, started, stop: &stop };
    let (summary, mut profile) = with_vec_env!(env, env => run.train(env, policy, found.state, logger.as_mut()))?;
    drop(logger);
    let Some(folder) = folder else { return Ok(ExitCode::SUCCESS) };
    tell(&summary.last_line(folder.path(), stop.is_raised()));
    if stop.is_raised() {
        tell(&format!("go on with: vpg --resume {}", folder.path().display()));
    }
    if let Some(clock) = clock {
        profile.preprocess_share = clock.preprocess_share();
        tell(&profile.to_string());
    }
    if stop.is_raised() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if config.log.write_up.is_some_and(WriteUp::ends_with_a_demo) {
        tell("drawing a demo of all checkpoints");
        let by_hand = || format!("no demo was drawn; `vpg record {} --grid` does it", folder.path().display());
        let demo = RecordArgs::grid_of(folder.path()).record(&stop).with_context(by_hand)?;
        writeln!(std::io::stdout(), "demo of all checkpoints: {}", demo.path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays the episodes by which a run's policy is judged while it trains.
fn evaluation(config: &Config) -> Evaluate {
    let config = config.clone();
    let play = Play { seed: Play::WHILE_TRAINING, deterministic: config.log.eval_deterministic };
    Box::new(move |policy, stop| {
        let played = evaluate::episodes(&config, policy, play, config.log.eval_episodes, |_| !stop.is_overdue())?;
        Ok(played.map(|played| played.iter().map(|episode| episode.stats).collect()))
    })
}

/// What a run is trained with.
struct Run<'a> {
    config: &'a Config,
    group: &'a Rc<Group>,
    started: Instant,
    stop: &'a Interrupt,
}

impl Run<'_> {
    /// Trains in these environments, on from `state` where there is one.
    fn train<T: Element>(
        &self,
        env: VecEnv<T>,
        policy: ActorCritic,
        state: Option<RunState>,
        logger: Option<&mut Logger>,
    ) -> anyhow::Result<(Summary, Profile)> {
        if let Some(logger) = &logger {
            introduction(self.config, env.observation_space(), &policy).iter().for_each(|line| logger.say(line));
            usual_protocol(&self.config.environment).iter().for_each(|line| logger.say(line));
            if is_general(self.config) {
                logger.say("recipe: the general one for games, tuned to none of them (docs/vpg.md)");
            }
        }
        let mut trainer = Trainer::in_group(self.config, env, policy, Rc::clone(self.group))?.since(self.started);
        if let Some(state) = state {
            trainer.restore(state)?;
        }
        train(trainer, logger, self.stop)
    }
}

/// What is about to be trained, in five lines.
fn introduction(config: &Config, observations: &Space, policy: &ActorCritic) -> [String; 5] {
    let plural = if config.environment.num_envs == 1 { "" } else { "s" };
    let seen = match &config.environment.pixels {
        Some(PixelConfig { stack: Some(stack), .. }) => format!("the last {stack} frames, grey"),
        Some(pixels) if pixels.difference.against_first => {
            "what differs from the first frame, and from one before".into()
        }
        Some(pixels) if pixels.difference.with_frame => "the frame, and its difference from one before".into(),
        Some(_) => "the difference of two frames".into(),
        None => "the environment's own".into(),
    };
    let parameters: usize = policy.named_parameters().iter().map(|(_, tensor)| tensor.numel()).sum();
    let network = match config.network.kind {
        NetworkKind::Mlp => format!("hidden layers {:?}, {}", config.network.hid, json!(config.network.activation)),
        NetworkKind::Cnn => "convolutions".into(),
    };
    let budget = match config.budget.limit {
        Budget::Frames(frames) => format!("{frames} frames"),
        Budget::Epochs(epochs) => format!("{epochs} epochs"),
    };
    let budget_options = &config.budget;
    let ends = match (budget_options.stop_when_solved, budget_options.end_at_eval) {
        (true, None) => "the run ends there".into(),
        (true, Some(mean)) => format!("the run ends when an evaluation then returns {mean}"),
        (false, _) => "the run goes on".to_owned(),
    };
    let solved = budget_options.solve_at.map_or("-".into(), |threshold| format!("{threshold}, and {ends}"));
    [
        format!(
            "environment: {}, {} environment{plural}, seed {}",
            config.environment.id, config.environment.num_envs, config.seed
        ),
        format!("observed: {seen}, shape {:?}", observations.shape()),
        format!("network: {network}, {parameters} parameters"),
        format!("budget: {budget}, {} steps an epoch", config.budget.steps_per_epoch),
        format!("solved at: {solved}"),
    ]
}

/// What is usual in environments that show every frame, where nobody asked for it.
fn usual_protocol(environment: &EnvironmentOptions) -> Option<String> {
    let id = &environment.id;
    let every_frame = environment.pixels.as_ref().is_some_and(|pixels| pixels.frame_skip == 1.0 && !pixels.fixed_skip);
    let pong = if id.starts_with("Pong") { ", as in Pong" } else { "" };
    (every_frame && id.contains("NoFrameskip"))
        .then(|| format!("note: every frame takes an action; usual: --frame-skip 4 --noops 30{pong}"))
}

/// A run that can begin or go on.
struct Prepared {
    /// In the first process of a group: it alone writes.
    folder: Option<RunFolder>,
    _lock: Option<File>,
    config: Config,
    found: Found,
    env: AnyVecEnv,
    /// What the run begins with, where there is no state.
    policy: ActorCritic,
}

fn begin(args: &TrainArgs, group: &Group, clock: Option<&Arc<StepClock>>) -> Result<Prepared, Failure> {
    let config = environment::with_background(args.config().map_err(usage)?).map_err(usage)?;
    config.check_processes(group.size()).map_err(usage)?;
    let share = group.share(config.environment.num_envs).map_err(usage)?;
    let env = environment::make(&config, share.len(), clock).map_err(usage)?;
    with_vec_env!(&env, env => config.check_spaces(env.observation_space(), env.action_space())).map_err(usage)?;
    let mut policy = with_vec_env!(&env, env => networks_for(&config, env)).map_err(usage)?;
    if let Some(from) = &config.network.from {
        warm_start(&mut policy, from, &config).map_err(usage)?;
    }
    let (mut folder, mut _lock) = (None, None);
    if group.is_first() {
        let created = match (&args.run_dir, &args.exp_name) {
            (Some(path), _) => RunFolder::create(path, &config)?,
            (None, Some(name)) => {
                let of_seed = format!("{name}_s{}", config.seed);
                RunFolder::create(&Path::new("runs").join(name).join(of_seed), &config)?
            }
            (None, None) => RunFolder::create_named(&default_run_dir(&config), &config)?,
        };
        if config.network.from.is_some() {
            created.save_policy(&policy, 0)?;
        }
        (_lock, folder) = (Some(created.lock()?), Some(created));
    }
    Ok(Prepared { folder, _lock, config, found: Found::default(), env, policy })
}

/// Fills the networks with those of another run, or of a checkpoint.
fn warm_start(policy: &mut ActorCritic, from: &Path, config: &Config) -> anyhow::Result<()> {
    let networks = |config: &Config| {
        let NetworkOptions { kind, hid, activation, .. } = &config.network;
        format!("{}: {}, hid {hid:?}, {}", config.environment.id, json!(kind), json!(activation))
    };
    let (checkpoint, run) = match from.is_dir() {
        true => (from.join("checkpoints/latest.safetensors"), Some(from)),
        false => (from.to_owned(), from.ancestors().nth(2).filter(|run| run.join("config.json").exists())),
    };
    let expected = "the folder of a run that has a policy, or a safetensors file";
    ensure!(checkpoint.exists(), InvalidValue::new("--from", from.display(), expected));
    let other = run.map(|run| RunFolder::open(run).map(|(_, other)| other)).transpose()?;
    let theirs = other.as_ref().map_or("a policy of its own".into(), networks);
    let unlike = || format!("--from {} ({theirs}) does not fit this run ({})", from.display(), networks(config));
    RunFolder::new(from).load_policy(&checkpoint, policy).with_context(unlike)?;
    // Activations have no shape.
    ensure!(other.is_none_or(|other| other.network.activation == config.network.activation), unlike());
    Ok(())
}

fn go_on(args: &TrainArgs, path: &Path, group: &Group, clock: Option<&Arc<StepClock>>) -> Result<Prepared, Failure> {
    let (folder, begun) = RunFolder::open(path)?;
    let config = args.resumed(&begun).map_err(usage)?;
    let _lock = group.is_first().then(|| folder.lock()).transpose()?;
    let mut found = RunState::read(&folder, &begun)?;
    if let Some(state) = &mut found.state {
        state.take_times(&folder, &begun);
    }
    if let Some(state) = found.state.as_ref().filter(|_| config.budget.limit != begun.budget.limit) {
        let (name, limit, has) = match config.budget.limit {
            Budget::Epochs(limit) => ("--epochs", limit, state.epoch),
            Budget::Frames(limit) => ("--frames", limit, state.summary.raw_frames),
        };
        if limit < has {
            Err(InvalidValue::new(name, limit, format!("at least {has}, what the run has done so far")))?;
        }
    }
    if group.is_first() && (&config.budget, config.network.device) != (&begun.budget, begun.network.device) {
        folder.write("config.json", &serde_json::to_vec_pretty(&config)?)?;
    }
    if group.is_first() {
        found.warnings.iter().for_each(|warning| tell(&format!("warning: {warning}")));
    }
    let env = environment::make(&config, group.share(config.environment.num_envs)?.len(), clock)?;
    with_vec_env!(&env, env => config.check_spaces(env.observation_space(), env.action_space()))?;
    let mut policy = with_vec_env!(&env, env => networks_for(&config, env))?;
    if config.network.from.is_some() && found.state.is_none() {
        folder.load_policy(&folder.file("checkpoints/policy-0.safetensors"), &mut policy)?;
    }
    Ok(Prepared { folder: group.is_first().then_some(folder), _lock, config, found, env, policy })
}

/// Below `runs`, named by date and time, or by version number as the write-up with Lightning has it.
fn default_run_dir(config: &Config) -> PathBuf {
    let runs = Path::new("runs").join(config.environment.id.replace('/', "-"));
    if config.log.write_up.is_some_and(WriteUp::numbers_its_runs) {
        let free = (0..).map(|version| runs.join(format!("version_{version}"))).find(|path| !path.exists());
        return free.unwrap_or(runs);
    }
    runs.join(jiff::Zoned::now().strftime("%Y-%m-%d_%H-%M-%S").to_string())
}

fn run_eval(args: &EvalArgs) -> Result<ExitCode, Failure> {
    let (folder, mut config) = open_run(&args.run)?;
    config.environment.max_ep_len = args.max_ep_len.or(config.environment.max_ep_len);
    let policy = evaluate::load(&folder, &config, &args.checkpoint)?;
    let play = args.play;
    args.gif.as_deref().map_or(Ok(()), |path| record::expect_gif("--gif", path))?;
    let stop = watched_interrupt()?;
    if let Some(path) = &args.gif {
        let gif = record::gif(&config, &policy, play, &stop)
            .with_context(|| format!("{} was not written", path.display()))?;
        std::fs::write(path, gif).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let bar = progress::bar(args.episodes, "episodes");
    let episodes = evaluate::episodes(&config, &policy, play, args.episodes as usize, |done| {
        bar.set_position(done as u64);
        !stop.is_raised()
    })?;
    bar.finish_and_clear();
    let untold = || format!("{} of {} episodes ended, short ones first: none counts", bar.position(), args.episodes);
    let episodes = episodes.ok_or(Interrupted).with_context(untold)?;
    let returns = Moments::of(episodes.iter().map(|episode| episode.stats.episode_return));
    let different = episodes.iter().map(|episode| episode.seen).collect::<HashSet<_>>().len();
    let mut out = std::io::stdout().lock();
    if args.json {
        let one = |Played { stats, .. }: &Played| json!({ "return": stats.episode_return, "length": stats.length });
        let report = json!({
            "env": config.environment.id,
            "run": args.run.to_string_lossy(),
            "seed": play.seed,
            "deterministic": play.deterministic,
            "mean_return": returns.mean,
            "std_return": returns.std,
            "min_return": returns.min,
            "max_return": returns.max,
            "different_episodes": different,
            "episodes": episodes.iter().map(one).collect::<Vec<_>>(),
        });
        writeln!(out, "{report:#}")?;
    } else {
        for (i, Played { stats, .. }) in episodes.iter().enumerate() {
            writeln!(out, "Episode {}  EpRet {}  EpLen {}", i + 1, stats.episode_return, stats.length)?;
        }
        writeln!(
            out,
            "{} episodes: mean return {:.2}, std {:.2}, min {}, max {}; {different} different episodes",
            episodes.len(),
            returns.mean,
            returns.std,
            returns.min,
            returns.max
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A run to play in: on as many threads of libtorch as it trained on, since sums depend on them.
fn open_run(run: &Path) -> anyhow::Result<(RunFolder, Config)> {
    let (folder, config) = RunFolder::open(run)?;
    tch::set_num_threads(config.network.torch_threads as i32);
    Ok((folder, config))
}

fn run_record(args: &RecordArgs) -> Result<ExitCode, Failure> {
    open_run(&args.run)?;
    let Recording { path, film } = args.record(&watched_interrupt()?)?;
    let rest = if film.cut_off { "; cut off at 64 MB, --every shows the rest of the episode too" } else { "" };
    writeln!(std::io::stdout(), "{} pictures in {}{rest}", film.pictures, path.display())?;
    Ok(ExitCode::SUCCESS)
}

fn list_envs() -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let show = |number: Option<String>| number.unwrap_or("-".into());
    writeln!(out, "{:<28} {:>10} {:>10}", "id", "max steps", "solved at")?;
    for spec in envs::registered() {
        let steps = show(spec.max_episode_steps.map(|steps| steps.to_string()));
        writeln!(out, "{:<28} {steps:>10} {:>10}", spec.id, show(spec.reward_threshold.map(|x| x.to_string())))?;
    }
    for (short, id) in envs::SHORT_NAMES {
        writeln!(out, "{short:<28} is {id}")?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_plays_on_as_many_threads_of_libtorch_as_it_trained_on() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let mut config = Config::for_env("CartPole").unwrap();
        for threads in [3, 2] {
            config.network.torch_threads = threads;
            RunFolder::create(&run.join(threads.to_string()), &config).unwrap();
            open_run(&run.join(threads.to_string())).unwrap();
            assert_eq!(tch::get_num_threads(), threads as i32);
        }
    }
}
