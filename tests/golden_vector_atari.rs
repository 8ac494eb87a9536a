//! A vector of Pongs equals Gymnasium's SyncVectorEnv, infos and final infos included.

use envs::{
    Actions, Autoreset, BoxEnv, Error, Info, Seeds, VecEnv,
    atari::{Atari, AtariConfig},
};
use replay::{Comparison, Recording, finish, recordings};

const NAMES: [&str; 3] = ["lives", "frame_number", "episode_frame_number"];

#[test]
fn pongs_step_reset_and_refuse_as_gymnasiums_vector_does() {
    let recordings = recordings("vector").into_iter().filter(|recording| recording.env().contains("Pong"));
    finish(recordings.map(|recording| compare(&recording)));
}

fn vector(recording: &Recording) -> VecEnv<u8> {
    let mut config = AtariConfig::from_id(recording.env()).unwrap();
    config.max_num_frames_per_episode = recording.kwargs()["max_num_frames_per_episode"].as_u64().map(|max| max as u32);
    let num_envs = recording.header["num_envs"].as_u64().unwrap();
    let pongs = (0..num_envs).map(|_| Box::new(Atari::new(&config).unwrap()) as BoxEnv<u8>).collect();
    let autoreset = match recording.header["mode"].as_str() {
        Some("same-step") => Autoreset::SameStep,
        Some("next-step") => Autoreset::NextStep,
        Some("disabled") => Autoreset::Disabled,
        other => panic!("no such mode: {other:?}"),
    };
    VecEnv::new(pongs, 2).unwrap().with_autoreset(autoreset)
}

fn compare(recording: &Recording) -> Comparison {
    let mut envs = vector(recording);
    let num_envs = envs.num_envs();
    let actions: Vec<u8> = recording.column("action");
    let mut seeds = recording.seeds().into_iter();
    let theirs = Answers::of(recording, num_envs);
    let mut comparison = Comparison::new(&recording.case);
    for (row, kind) in recording.column::<u8>("kind").into_iter().enumerate() {
        comparison.row();
        let actions: Vec<i64> = actions[row * num_envs..][..num_envs].iter().map(|action| (*action).into()).collect();
        let everywhere = vec![true; num_envs];
        match kind {
            0 => envs.step(Actions::Discrete(&actions)).unwrap(),
            1 => envs.reset(&seeds.next().unwrap()).unwrap(),
            2 => {
                let seeds: Vec<_> = seeds.by_ref().take(num_envs).collect();
                envs.reset_where(&everywhere, Seeds::Each(&seeds)).unwrap();
            }
            3 => envs.reset_where(&everywhere, Seeds::Continue).unwrap(),
            4 => {
                let ended = |(terminated, truncated): (&bool, &bool)| *terminated || *truncated;
                let ended: Vec<bool> = envs.terminated().iter().zip(envs.truncated()).map(ended).collect();
                envs.reset_where(&ended, Seeds::Continue).unwrap();
                theirs.observations(&mut comparison, &envs, row);
                continue;
            }
            _ => {
                let refused = envs.step(Actions::Discrete(&actions));
                if !matches!(refused, Err(Error::InVector { source, .. }) if *source == Error::EpisodeEnded) {
                    comparison.differ(|| "ours took a step after an end".into());
                }
                continue;
            }
        }
        theirs.observations(&mut comparison, &envs, row);
        theirs.rewards_and_infos(&mut comparison, &envs, row);
    }
    comparison
}

/// The recorded answers, each with one entry an environment.
struct Answers {
    num_envs: usize,
    observations: Vec<u32>,
    rewards: Vec<f64>,
    terminated: Vec<u8>,
    truncated: Vec<u8>,
    has_final: Vec<u8>,
    final_observations: Vec<u32>,
    infos: [Vec<u32>; 3],
    final_infos: [Vec<u32>; 3],
}

impl Answers {
    fn of(recording: &Recording, num_envs: usize) -> Self {
        Self {
            num_envs,
            observations: recording.column("obs_crc32"),
            rewards: recording.column("reward"),
            terminated: recording.column("terminated"),
            truncated: recording.column("truncated"),
            has_final: recording.column("has_final"),
            final_observations: recording.column("final_obs_crc32"),
            infos: NAMES.map(|name| recording.column(name)),
            final_infos: NAMES.map(|name| recording.column(&format!("final_{name}"))),
        }
    }

    fn observations(&self, comparison: &mut Comparison, envs: &VecEnv<u8>, row: usize) {
        for (i, frame) in envs.observations().outer_iter().enumerate() {
            let crc32 = crc32fast::hash(frame.as_slice().unwrap());
            comparison.equal(&format!("observation {i}"), crc32, self.observations[row * self.num_envs + i]);
        }
    }

    fn rewards_and_infos(&self, comparison: &mut Comparison, envs: &VecEnv<u8>, row: usize) {
        for i in 0..self.num_envs {
            let at = row * self.num_envs + i;
            comparison.equal("reward", envs.rewards()[i], self.rewards[at]);
            comparison.equal("terminated", envs.terminated()[i].into(), self.terminated[at]);
            comparison.equal("truncated", envs.truncated()[i].into(), self.truncated[at]);
            compare_info(comparison, &envs.infos()[i], self.infos.each_ref().map(|column| column[at]));
            if self.has_final[at] == 1 {
                let frames = envs.final_observations();
                let frame = frames.outer_iter().nth(i).unwrap();
                let crc32 = crc32fast::hash(frame.as_slice().unwrap());
                comparison.equal("final observation", crc32, self.final_observations[at]);
                compare_info(comparison, &envs.final_infos()[i], self.final_infos.each_ref().map(|column| column[at]));
            }
        }
    }
}

fn compare_info(comparison: &mut Comparison, ours: &Info, theirs: [u32; 3]) {
    let ours = [ours.lives, ours.frame_number, ours.episode_frame_number];
    for ((name, ours), theirs) in NAMES.iter().zip(ours).zip(theirs) {
        comparison.equal(name, ours.unwrap_or(u32::MAX), theirs);
    }
}
