//! The keyword arguments of Atari games: those of ale-py's `AtariEnv`, and those of its `AtariVectorEnv` for what learners
//! are usually shown.

use envs::{
    BoxEnv, Element, Env, EnvSpec, Error,
    atari::{Atari, AtariAction, AtariConfig, FrameSkip, GREY, ObsType, RomSource},
};
use preprocess::{
    ClipReward, DifferenceConfig, FireReset, FrameDifference, FrameFormat, FrameStack, LifeLossEnd, PipelineConfig,
    pipeline,
};
use pyo3::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    convert::Options,
    error::{invalid_type, invalid_value},
};

/// What is observed.
#[derive(Clone, Copy, PartialEq)]
enum Observed {
    /// The game's own screen or memory.
    Game(ObsType),
    /// The difference of two frames, 80x80 cells.
    Difference,
    /// Grey frames made smaller.
    Grey84,
}

/// What is put around a game.
#[derive(Clone, Copy)]
struct Wrappers {
    observed: Observed,
    frame_skip: usize,
    screen_size: [usize; 2],
    stack: usize,
    episodic_life: bool,
    /// After the loss of a life a reset goes on with the next one.
    life_continues: bool,
    fire_reset: bool,
    clip_rewards: bool,
}

/// What makes the game of this id with these options; `None` where it is no Atari game's.
pub fn spec(py: Python<'_>, id: &str, options: &mut Options<'_>) -> PyResult<Option<EnvSpec>> {
    let Ok(config) = AtariConfig::from_id(id) else { return Ok(None) };
    let observed = observed(config.obs_type, options)?;
    let (config, wrappers) = (game(py, config, observed, options)?, wrappers(observed, options)?);
    let (config, wrappers) = skip(config, wrappers, options)?;
    let id = id.to_owned();
    Ok(Some(match observed {
        Observed::Game(_) => EnvSpec::new(id, move || {
            let game = Atari::new(&config)?;
            let fires = wrappers.fire_reset && has_fire(&game);
            wrap(Box::new(game), &wrappers, fires)
        }),
        Observed::Difference => EnvSpec::new(id, move || {
            let game = Atari::new(&config)?;
            let fires = wrappers.fire_reset && has_fire(&game);
            let difference = DifferenceConfig::default().seen_in(&mut Atari::new(&config)?, FrameFormat::Palette)?;
            let env = FrameDifference::new(game, FrameFormat::Palette, &difference)?;
            wrap::<i8>(Box::new(env), &wrappers, fires)
        }),
        Observed::Grey84 => EnvSpec::new(id, move || {
            let game = Atari::new(&config)?;
            let config = PipelineConfig {
                frame_skip: wrappers.frame_skip,
                screen_size: wrappers.screen_size,
                stack: wrappers.stack,
                terminal_on_life_loss: false,
                fire_reset: wrappers.fire_reset && has_fire(&game),
                clip_rewards: wrappers.clip_rewards,
            };
            pipeline(ending_with_lives(Box::new(game), &wrappers), &GREY, &config)
        }),
    }))
}

fn observed(of_id: ObsType, options: &mut Options<'_>) -> PyResult<Observed> {
    const EXPECTED: &str = "'rgb', 'grayscale', 'ram', 'difference' or '84x84'";
    let (obs, obs_type) = (options.take::<String>("obs", EXPECTED)?, options.take::<String>("obs_type", EXPECTED)?);
    if let (Some(obs), Some(obs_type)) = (&obs, &obs_type) {
        return Err(invalid_value("obs", format!("{obs:?} with obs_type = {obs_type:?}"), "one of the two"));
    }
    Ok(match obs.or(obs_type).as_deref() {
        None => Observed::Game(of_id),
        Some("rgb") => Observed::Game(ObsType::Rgb),
        Some("grayscale") => Observed::Game(ObsType::Grayscale),
        Some("ram") => Observed::Game(ObsType::Ram),
        Some("difference") => Observed::Difference,
        Some("84x84") => Observed::Grey84,
        Some(other) => return Err(invalid_value("obs", format!("{other:?}"), EXPECTED)),
    })
}

/// The game itself. The defaults of `84x84` are those of ale-py's `AtariVectorEnv`.
fn game(py: Python<'_>, config: AtariConfig, observed: Observed, options: &mut Options<'_>) -> PyResult<AtariConfig> {
    let mut config = config;
    if let Some(rom) = options.take::<String>("rom", "the path of a ROM file")? {
        let file = AtariConfig::new(RomSource::File(rom.into()));
        (config.rom, config.backend) = (file.rom, file.backend);
    }
    config.obs_type = match observed {
        Observed::Game(obs_type) => obs_type,
        Observed::Difference | Observed::Grey84 => ObsType::Palette,
    };
    if observed == Observed::Grey84 {
        (config.noop_max, config.repeat_action_probability) = (30, 0.0);
    }
    if let Some(probability) = options.take::<f64>("repeat_action_probability", "a number from 0 to 1")? {
        if !(0.0..=1.0).contains(&probability) {
            return Err(invalid_value("repeat_action_probability", probability, "a number from 0 to 1"));
        }
        config.repeat_action_probability = probability as f32;
    }
    if let Some(full) = options.take("full_action_space", "True or False")? {
        config.full_action_space = full;
    }
    if let Some(frames) = options.take("max_num_frames_per_episode", "at least 1 frame, or None")? {
        config.max_num_frames_per_episode = Some(frames);
    }
    if let Some(frames) = options.take("noop_max", "0 to 4294967295 frames")? {
        config.noop_max = frames;
    }
    for name in ["continuous", "sound_obs"] {
        if options.take(name, "False")?.unwrap_or(false) {
            return Err(invalid_value(name, "True", "False: rustgym has neither continuous actions nor sound"));
        }
    }
    config.mode = options.take("mode", "a whole number, or None for the game's default")?;
    config.difficulty = options.take("difficulty", "a whole number, or None for the game's default")?;
    let _ = py;
    Ok(config)
}

fn wrappers(observed: Observed, options: &mut Options<'_>) -> PyResult<Wrappers> {
    let learner = observed == Observed::Grey84;
    let mut number = |name, default| {
        let value = options.take::<usize>(name, "a whole number from 1 on")?.unwrap_or(default);
        if value == 0 { Err(invalid_value(name, 0, "at least 1")) } else { Ok(value) }
    };
    let stack = number("stack_num", if learner { 4 } else { 1 })?;
    let screen_size = if learner { [number("img_height", 84)?, number("img_width", 84)?] } else { [0, 0] };
    let mut flag = |name, default| Ok::<_, PyErr>(options.take(name, "True or False")?.unwrap_or(default));
    Ok(Wrappers {
        observed,
        frame_skip: 1,
        screen_size,
        stack,
        episodic_life: flag("episodic_life", false)?,
        life_continues: flag("life_continues", false)?,
        fire_reset: flag("use_fire_reset", learner)?,
        clip_rewards: flag("reward_clipping", learner)?,
    })
}

/// The frames of an action: the game's own matter, but where frames are made smaller it is the pipeline's.
fn skip(config: AtariConfig, wrappers: Wrappers, options: &mut Options<'_>) -> PyResult<(AtariConfig, Wrappers)> {
    const EXPECTED: &str = "a whole number from 1 on, or a pair of such numbers, the first less than the second";
    let frame_skip = match options.take_any("frameskip")? {
        None => None,
        Some(value) => Some(match (value.extract::<u32>(), value.extract::<(u32, u32)>()) {
            (Ok(frames @ 1..), _) => FrameSkip::Fixed(frames),
            (_, Ok((low @ 1.., high))) if low < high => FrameSkip::Range(low, high),
            _ if value.extract::<i64>().is_ok() || value.is_instance_of::<pyo3::types::PyTuple>() => {
                return Err(invalid_value("frameskip", &value, EXPECTED));
            }
            _ => return Err(invalid_type("frameskip", &value, EXPECTED)),
        }),
    };
    if wrappers.observed != Observed::Grey84 {
        return Ok((AtariConfig { frame_skip: frame_skip.unwrap_or(config.frame_skip), ..config }, wrappers));
    }
    match frame_skip.unwrap_or(FrameSkip::Fixed(4)) {
        FrameSkip::Fixed(frames) => Ok((
            AtariConfig { frame_skip: FrameSkip::Fixed(1), ..config },
            Wrappers { frame_skip: frames as usize, ..wrappers },
        )),
        FrameSkip::Range(low, high) => {
            Err(invalid_value("frameskip", format!("({low}, {high})"), "one whole number with obs = '84x84'"))
        }
    }
}

fn has_fire(game: &Atari) -> bool {
    game.actions().get(1).is_some_and(|action: &AtariAction| action.code() == 1) && game.actions().len() > 2
}

/// The wrappers that do not change frames.
fn wrap<T: Element + Serialize + DeserializeOwned>(
    env: BoxEnv<T>,
    wrappers: &Wrappers,
    fires: bool,
) -> Result<BoxEnv<T>, Error> {
    let mut env = ending_with_lives(env, wrappers);
    if fires {
        env = Box::new(FireReset::new(env)?);
    }
    if wrappers.clip_rewards {
        env = Box::new(ClipReward::new(env, -1.0, 1.0)?);
    }
    if wrappers.stack > 1 {
        env = stacked(env, wrappers.stack)?;
    }
    Ok(env)
}

fn ending_with_lives<T: Element>(env: BoxEnv<T>, wrappers: &Wrappers) -> BoxEnv<T> {
    match (wrappers.episodic_life, wrappers.life_continues) {
        (false, _) => env,
        (true, false) => Box::new(LifeLossEnd::new(env)),
        (true, true) => Box::new(LifeLossEnd::new(env).continuing()),
    }
}

fn stacked<T: Element + Serialize + DeserializeOwned>(env: BoxEnv<T>, depth: usize) -> Result<BoxEnv<T>, Error>
where
    FrameStack<BoxEnv<T>>: Env<Obs = T>,
{
    Ok(Box::new(FrameStack::new(env, depth)?))
}
