//! `Phi::Blog` equals the write-up's formula, computed with NumPy on every frame of Gymnasium's Pong-v0.

use envs::atari::{Atari, AtariConfig, ObsType};
use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};
use replay::{finish, recordings, replay};

#[test]
fn every_observation_reward_and_end_equals_the_write_ups() {
    let formats = [(FrameFormat::Rgb, ObsType::Rgb), (FrameFormat::Palette, ObsType::Palette)];
    finish(recordings("phi").iter().flat_map(|recording| {
        formats.map(|(format, obs_type)| {
            let atari = AtariConfig { obs_type, ..AtariConfig::from_id(recording.env()).unwrap() };
            let env = Atari::new(&atari).unwrap();
            let mut env = FrameDifference::new(env, format, &DifferenceConfig::blog()).unwrap();
            replay(recording, &mut env, |_, _, _| ())
        })
    }));
}
