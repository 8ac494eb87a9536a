//! From a config to its vector environment.

use std::sync::Arc;

use anyhow::Result;
use envs::{DType, Element, Error, VecEnv, spec};
use preprocess::StepClock;

use crate::{
    collect::actor::stream_rng,
    config::{Config, InvalidValue},
    nn::policy::ActorCritic,
};

/// A vector environment whose type of observations is known at run time only.
pub enum AnyVecEnv {
    /// Bytes: pictures.
    U8(VecEnv<u8>),
    /// Signed bytes: differences of frames.
    I8(VecEnv<i8>),
    /// Numbers of single precision.
    F32(VecEnv<f32>),
    /// Numbers of double precision.
    F64(VecEnv<f64>),
}

/// Calls a generic function with the vector environment, whatever its observations are made of.
macro_rules! with_vec_env {
    ($any:expr, $env:ident => $call:expr) => {
        match $any {
            $crate::collect::environment::AnyVecEnv::U8($env) => $call,
            $crate::collect::environment::AnyVecEnv::I8($env) => $call,
            $crate::collect::environment::AnyVecEnv::F32($env) => $call,
            $crate::collect::environment::AnyVecEnv::F64($env) => $call,
        }
    };
}
pub(crate) use with_vec_env;

/// The environments of a run; the costs of frame differences are added to `clock` where there is one.
///
/// # Errors
/// [`Error::UnknownEnv`] where `config.environment.id` is not registered, and those of the environment's constructor, such as an
/// option that it does not have.
///
/// ```
/// use vpg::{AnyVecEnv, Config, make_envs};
///
/// let AnyVecEnv::F32(envs) = make_envs(&Config::for_env("CartPole")?, 8, None)? else { panic!() };
/// assert_eq!(envs.num_envs(), 8);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn make(config: &Config, num_envs: usize, clock: Option<&Arc<StepClock>>) -> Result<AnyVecEnv, Error> {
    let mut spec = spec(&config.environment.id)?;
    // The lower of the run's and the environment's own.
    spec.max_episode_steps = config.environment.max_ep_len.into_iter().chain(spec.max_episode_steps).min();
    if let Some(pixels) = &config.environment.pixels {
        return pixel_envs(&spec, pixels, (num_envs, config.environment.threads), clock);
    }
    let threads = config.environment.threads;
    Ok(match spec.make()?.dtype() {
        DType::U8 => AnyVecEnv::U8(VecEnv::of_spec(&spec, num_envs, threads)?),
        DType::I8 => AnyVecEnv::I8(VecEnv::of_spec(&spec, num_envs, threads)?),
        DType::F64 => AnyVecEnv::F64(VecEnv::of_spec(&spec, num_envs, threads)?),
        _ => AnyVecEnv::F32(VecEnv::of_spec(&spec, num_envs, threads)?),
    })
}

/// The config with what it leaves to the game itself: the background colours of frame differences, where they are not
/// Pong's. Environments are the same with and without; a run keeps them, so that they never change.
///
/// # Errors
/// Those of the environment's constructor.
pub fn with_background(mut config: Config) -> Result<Config, Error> {
    if let Some(pixels) = &mut config.environment.pixels {
        pixels.difference = pixels::difference(&spec(&config.environment.id)?, pixels)?;
    }
    Ok(config)
}

/// Fresh networks for these environments.
///
/// # Errors
/// `InvalidValue` where the config names a CUDA device that is not there.
pub fn networks_for<T: Element>(config: &Config, env: &VecEnv<T>) -> Result<ActorCritic, InvalidValue> {
    config.check_device()?;
    let mut rng = stream_rng(config.seed, 0, 0);
    let actions = config.environment.actions.as_ref().map(Vec::len);
    let (shape, space) = (env.observation_space().shape(), env.action_space());
    Ok(ActorCritic::new(shape, space, actions, &config.architecture(), &mut rng))
}

/// Networks of the shape that a run of this config trains; their weights are to be loaded.
///
/// # Errors
/// Those of the environment's constructor, and `InvalidValue` where the config names a CUDA device that is not there.
///
/// ```
/// use vpg::{Config, networks};
///
/// let mut config = Config::for_env("CartPole")?;
/// config.network.hid = vec![16];
/// let policy = networks(&config)?;
/// let shapes: Vec<_> = policy.named_parameters().into_iter().map(|(name, tensor)| (name, tensor.size())).collect();
/// assert_eq!(shapes[0], ("pi.0.weight".into(), vec![16, 4]));
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn networks(config: &Config) -> Result<ActorCritic> {
    let any = make(config, 1, None)?;
    Ok(with_vec_env!(any, env => networks_for(config, &env)?))
}

/// How many numbers an observation of the run's environment has.
///
/// # Errors
/// The environment's own, where it cannot be made.
///
/// ```
/// use vpg::{Config, observation_len};
///
/// assert_eq!(observation_len(&Config::for_env("CartPole")?)?, 4);
/// # Ok::<(), envs::Error>(())
/// ```
pub fn observation_len(config: &Config) -> Result<usize, Error> {
    let any = make(config, 1, None)?;
    Ok(with_vec_env!(any, env => env.observation_space().size()))
}

#[cfg(feature = "atari")]
mod pixels {
    use std::sync::Arc;

    use envs::{
        BoxEnv, EnvSpec, Error, TimeLimit, VecEnv,
        atari::{Atari, AtariConfig, Backend, FrameSkip, GREY, ObsType, RomSource},
    };
    use preprocess::{DifferenceConfig, FrameDifference, FrameFormat, PipelineConfig, StepClock, pipeline};

    use super::AnyVecEnv;
    use crate::config::{BackendName, PixelConfig};

    pub(super) fn pixel_envs(
        spec: &EnvSpec,
        pixels: &PixelConfig,
        (num_envs, threads): (usize, usize),
        clock: Option<&Arc<StepClock>>,
    ) -> Result<AnyVecEnv, Error> {
        let config = atari_config(spec, pixels)?;
        let limit = spec.max_episode_steps;
        if let Some(stack) = pixels.stack {
            let envs = (0..num_envs).map(|_| stack_env(&config, pixels, stack, limit)).collect::<Result<_, _>>()?;
            return Ok(AnyVecEnv::U8(VecEnv::new(envs, threads)?));
        }
        let difference = difference(spec, pixels)?;
        let make = |_| {
            let env = FrameDifference::new(Atari::new(&config)?, FrameFormat::Palette, &difference)?;
            let env = match clock {
                Some(clock) => env.timed(Arc::clone(clock)),
                None => env,
            };
            Ok(Box::new(TimeLimit::new(env, limit)) as BoxEnv<i8>)
        };
        let envs = (0..num_envs).map(make).collect::<Result<_, _>>()?;
        Ok(AnyVecEnv::I8(VecEnv::new(envs, threads)?))
    }

    /// The frame difference with the game's own background; a stack of frames needs none.
    pub(super) fn difference(spec: &EnvSpec, pixels: &PixelConfig) -> Result<DifferenceConfig, Error> {
        if pixels.stack.is_some() || pixels.difference.background.is_some() {
            return Ok(pixels.difference);
        }
        pixels.difference.seen_in(&mut Atari::new(&atari_config(spec, pixels)?)?, FrameFormat::Palette)
    }

    fn atari_config(spec: &EnvSpec, pixels: &PixelConfig) -> Result<AtariConfig, Error> {
        let mut config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id(&spec.id)? };
        config.backend = match pixels.backend {
            BackendName::Ale => Backend::Ale,
            BackendName::Vcs => Backend::Vcs,
        };
        if let Some(path) = &pixels.rom {
            if !path.exists() {
                let reason = "there is no such file: put it back, or name its new place with --rom, or for a run as `rom` in its \
                              config.json";
                return Err(Error::Rom { rom: path.display().to_string(), reason: reason.into() });
            }
            config.rom = RomSource::File(path.clone());
        }
        let own = PixelConfig::for_id(&spec.id).map(|own| own.frame_skip);
        if pixels.fixed_skip {
            config.frame_skip = FrameSkip::Fixed(pixels.frame_skip as u32);
        } else if own != Some(pixels.frame_skip) {
            let own = own.unwrap_or(1.0);
            let expected = format!("the environment's own {own}, or fixed_skip = true beside another");
            return Err(Error::InvalidOption { name: "frame_skip", value: pixels.frame_skip.to_string(), expected });
        }
        config.repeat_action_probability = pixels.sticky.unwrap_or(config.repeat_action_probability);
        config.noop_max = pixels.noops.unwrap_or(config.noop_max);
        Ok(config)
    }

    /// The usual pipeline, which skips the frames itself, with rewards as they are.
    fn stack_env(
        config: &AtariConfig,
        pixels: &PixelConfig,
        stack: usize,
        limit: Option<u64>,
    ) -> Result<BoxEnv<u8>, Error> {
        if config.frame_skip != FrameSkip::Fixed(pixels.frame_skip as u32) {
            let expected = "frame_skip beside it, since this environment draws how many frames an action lasts";
            return Err(Error::InvalidOption { name: "stack", value: stack.to_string(), expected: expected.into() });
        }
        let options = PipelineConfig {
            frame_skip: pixels.frame_skip as usize,
            stack,
            clip_rewards: false,
            ..PipelineConfig::default()
        };
        let game = Atari::new(&AtariConfig { frame_skip: FrameSkip::Fixed(1), ..config.clone() })?;
        Ok(Box::new(TimeLimit::new(pipeline(game, &GREY, &options)?, limit)))
    }
}

#[cfg(not(feature = "atari"))]
mod pixels {
    use std::sync::Arc;

    use envs::{EnvSpec, Error};
    use preprocess::{DifferenceConfig, StepClock};

    use super::AnyVecEnv;
    use crate::config::PixelConfig;

    pub(super) fn pixel_envs(
        spec: &EnvSpec,
        _: &PixelConfig,
        _: (usize, usize),
        _: Option<&Arc<StepClock>>,
    ) -> Result<AnyVecEnv, Error> {
        Err(Error::UnknownEnv { id: spec.id.clone(), nearest: None })
    }

    pub(super) fn difference(_: &EnvSpec, pixels: &PixelConfig) -> Result<DifferenceConfig, Error> {
        Ok(pixels.difference)
    }
}

use pixels::pixel_envs;
