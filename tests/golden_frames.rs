//! The recorded frames, on which preprocessing is tested and timed, are those that our Pong shows.

use envs::{
    Action, Env,
    atari::{Atari, AtariConfig, ObsType},
};
use replay::{Comparison, episode::palette_frames, finish, recordings};

#[test]
fn every_pixel_of_an_episode_equals_ale_pys() {
    finish(recordings("frames").iter().map(|recording| {
        let config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id(recording.env()).unwrap() };
        let mut env = Atari::new(&config).unwrap();
        let mut frame = vec![0; 210 * 160];
        env.reset(Some(&recording.seeds()[0]), &mut frame).unwrap();
        let mut comparison = Comparison::new(&recording.case);
        for (theirs, action) in palette_frames(recording).iter().zip(recording.column::<u8>("actions")) {
            comparison.row();
            comparison.all_equal("palette indices", &frame, theirs);
            env.step(Action::Discrete(action.into()), &mut frame).unwrap();
        }
        comparison
    }));
}
