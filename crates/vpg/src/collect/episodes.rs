//! Epochs of whole episodes: every environment plays its share from the beginning to the end.

use envs::{Element, Error, Seeds, VecEnv};

use crate::{
    collect::COLLECTING,
    collect::actions::EnvActions,
    collect::actor::Actor,
    collect::lives::Lives,
    collect::rollout::{ActionRows, Collected, Episode, Rollout},
    interrupt::Watch,
    profile::{Profile, timed},
};

/// How much an epoch collects; a fixed share of it falls to each environment, so that short episodes do not count more
/// often than long ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Episodes of all environments together.
    Episodes(usize),
    /// Steps of all environments together, at least.
    Steps(usize),
}

/// The environments' present episodes. An environment that has played its share idles until the others have, too: it
/// goes on stepping, but what it gives is left out.
pub struct WholeEpisodes<T> {
    quota: Quota,
    /// What the environments show after the present step.
    next: Vec<T>,
    staged: Vec<Staged<T>>,
}

/// An environment's part of the epoch.
struct Staged<T> {
    active: bool,
    /// Finished in this epoch.
    episodes: usize,
    steps: usize,
    present: Episode<T>,
}

impl<T: Element> WholeEpisodes<T> {
    /// For environments that all stand at the beginning of an episode.
    pub fn new(quota: Quota, num_envs: usize, observation_len: usize, actions: &ActionRows) -> Self {
        let staged = |_| Staged { active: true, episodes: 0, steps: 0, present: Episode::new(actions) };
        let next = vec![T::default(); num_envs * observation_len];
        Self { quota, next, staged: (0..num_envs).map(staged).collect() }
    }

    /// Whether environment `i` goes on with another episode.
    fn wants_more(&self, i: usize) -> bool {
        let num_envs = self.staged.len();
        let share = |all: usize| all / num_envs + usize::from(i < all % num_envs);
        match self.quota {
            Quota::Episodes(all) => self.staged[i].episodes < share(all),
            Quota::Steps(all) => self.staged[i].steps < share(all),
        }
    }

    /// How much of the epoch is collected, from 0 to 1.
    fn share(&self) -> f64 {
        let sum = |of: fn(&Staged<T>) -> usize| self.staged.iter().map(of).sum::<usize>() as f64;
        let share = match self.quota {
            Quota::Episodes(all) => sum(|staged| staged.episodes) / all as f64,
            Quota::Steps(all) => sum(|staged| staged.steps + staged.present.rewards.len()) / all as f64,
        };
        share.min(1.0)
    }

    /// Fills the rollout, as if of one environment, with whole episodes in the order in which they end; then every
    /// environment stands at the beginning of an episode again. None where the watch gave it up.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn collect(
        &mut self,
        (env, actions, lives, actor): (&mut VecEnv<T>, &mut EnvActions, &mut Lives, &mut Actor),
        now: &mut Vec<T>,
        rollout: &mut Rollout<T>,
        (profile, watch): (&mut Profile, &mut Watch<'_>),
    ) -> Result<Option<Collected>, Error> {
        let (num_envs, len) = (env.num_envs(), rollout.observation_len);
        rollout.begin(0, &[]);
        for i in 0..num_envs {
            (self.staged[i].episodes, self.staged[i].steps) = (0, 0);
            self.staged[i].active = self.wants_more(i);
        }
        let (mut steps, mut ended) = (0, Vec::new());
        while self.staged.iter().any(|staged| staged.active) {
            if !watch(COLLECTING, self.share()) {
                return Ok(None);
            }
            timed(&mut profile.act, || actions.choose(|rngs, chosen| actor.sample(now, rngs, chosen)));
            timed(&mut profile.step, || env.step_into(actions.for_env(), &mut self.next))?;
            steps += 1;
            let lost_life = lives.lost(env.infos());
            for i in 0..num_envs {
                let staged = &mut self.staged[i];
                if staged.active {
                    staged.present.observations.extend_from_slice(&now[i * len..(i + 1) * len]);
                    staged.present.actions.push(actions.chosen(), i);
                    staged.present.rewards.push(env.rewards()[i]);
                    staged.present.lost_life.push(lost_life[i]);
                    if let Some(episode) = &env.episodes()[i] {
                        ended.push((steps, *episode));
                        self.finish(i, env, rollout);
                    }
                }
            }
            std::mem::swap(now, &mut self.next);
        }
        begin_anew(env, now)?;
        Ok(Some(Collected { steps, ended }))
    }

    /// Moves environment `i`'s episode, which has ended, to the rollout.
    fn finish(&mut self, i: usize, env: &VecEnv<T>, rollout: &mut Rollout<T>) {
        let staged = &mut self.staged[i];
        staged.episodes += 1;
        staged.steps += staged.present.rewards.len();
        let len = rollout.observation_len;
        let last = env.final_observations().to_slice().map_or(&[][..], |rows| &rows[i * len..(i + 1) * len]).to_vec();
        rollout.push_episode(&staged.present, env.terminated()[i], &last);
        staged.present.clear();
        self.staged[i].active = self.wants_more(i);
    }
}

/// Ends the episodes of the environments that idled.
fn begin_anew<T: Element>(env: &mut VecEnv<T>, now: &mut [T]) -> Result<(), Error> {
    let within: Vec<bool> = env.episodes().iter().map(Option::is_none).collect();
    if within.contains(&true) {
        env.reset_where_into(&within, Seeds::Continue, now)?;
    }
    Ok(())
}
