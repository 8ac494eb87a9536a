//! Playing with a trained policy: returns of whole episodes, and pictures of them.

use std::ops::ControlFlow;

use anyhow::Result;
use envs::{Element, EpisodeStats, VecEnv};
use image::{Delay, Frame, RgbImage, codecs::gif::GifEncoder, codecs::gif::Repeat};

use crate::{
    actor::{Actor, stream_rng},
    collect::EnvActions,
    config::Config,
    environment,
    policy::{ActorCritic, policy_outputs},
    with_vec_env,
};

/// Environments that play side by side.
const MAX_ENVS: usize = 32;
/// Of a GIF: enough for a few points of Pong.
const MAX_PICTURES: usize = 600;

/// How a policy plays.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// Seed of environments and actions.
    pub seed: u64,
    /// Take the most likely action instead of drawing one.
    pub deterministic: bool,
}

/// Networks of the shape that a run of this config trains; their weights are to be loaded.
///
/// # Errors
/// Those of the environment's constructor.
pub fn networks(config: &Config) -> Result<ActorCritic> {
    let any = environment::make(config, 1)?;
    Ok(with_vec_env!(any, env => networks_for(config, &env)))
}

/// Fresh networks for these environments.
pub fn networks_for<T: Element>(config: &Config, env: &VecEnv<T>) -> ActorCritic {
    let (outputs, continuous) = policy_outputs(env.action_space());
    let outputs = config.actions.as_ref().map_or(outputs, Vec::len);
    let mut rng = stream_rng(config.seed, 0, 0);
    ActorCritic::new(env.observation_space().size(), &config.hid, outputs, continuous, config.activation, &mut rng)
}

/// Plays this many whole episodes. Each environment plays a fixed share of them, so that short episodes do not count
/// more often than long ones.
///
/// # Errors
/// Those of the environments.
pub fn episodes(config: &Config, policy: &ActorCritic, play: Play, episodes: usize) -> Result<Vec<EpisodeStats>> {
    let num_envs = episodes.min(MAX_ENVS);
    let mut finished = vec![Vec::new(); num_envs];
    let share = |i: usize| episodes / num_envs + usize::from(i < episodes % num_envs);
    let any = environment::make(config, num_envs)?;
    with_vec_env!(any, env => run(config, policy, play, env, |env| {
        for (i, episode) in env.episodes().iter().enumerate() {
            if finished[i].len() < share(i) {
                finished[i].extend(*episode);
            }
        }
        Ok(if finished.iter().map(Vec::len).sum::<usize>() < episodes { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }))?;
    Ok(finished.concat())
}

/// The beginning of an episode as a GIF at its own pace, and its return up to there.
///
/// # Errors
/// Those of the environment.
pub fn gif(config: &Config, policy: &ActorCritic, play: Play) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
        encoder.set_repeat(Repeat::Infinite)?;
        let any = environment::make(config, 1)?;
        let mut pictures = 0;
        with_vec_env!(any, env => {
            // One picture a step, each shown for as long as the step's frames take.
            let milliseconds = (1000.0 * config.frames_per_step()) as u32;
            let delay = Delay::from_numer_denom_ms(milliseconds, env.render_fps());
            run(config, policy, play, env, |env| {
                if env.episodes()[0].is_some() || pictures == MAX_PICTURES {
                    return Ok(ControlFlow::Break(()));
                }
                pictures += 1;
                encoder.encode_frame(Frame::from_parts(rgba(env.render(0)?), 0, 0, delay))?;
                Ok(ControlFlow::Continue(()))
            })
        })?;
    }
    Ok(bytes)
}

fn rgba(picture: RgbImage) -> image::RgbaImage {
    image::DynamicImage::ImageRgb8(picture).into_rgba8()
}

/// Steps until `visit`, called after each step, breaks.
fn run<T: Element>(
    config: &Config,
    policy: &ActorCritic,
    play: Play,
    mut env: VecEnv<T>,
    mut visit: impl FnMut(&VecEnv<T>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut actor = Actor::new(policy);
    let mut actions = EnvActions::new(&actor, &env, config.actions.clone(), play.seed);
    let mut observations = vec![T::default(); env.num_envs() * env.observation_space().size()];
    env.reset_into(&play.seed.into(), &mut observations)?;
    loop {
        if play.deterministic {
            actions.choose_greedily(&mut actor, &observations);
        } else {
            actions.choose(&mut actor, &observations);
        }
        env.step_into(actions.for_env(), &mut observations)?;
        if visit(&env)?.is_break() {
            return Ok(());
        }
    }
}
