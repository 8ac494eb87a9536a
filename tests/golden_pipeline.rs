//! The pipeline equals Gymnasium's AtariPreprocessing (OpenCV's resize) with FrameStackObservation: every pixel.

use envs::{
    Action, BoxEnv, Error, Step,
    atari::{Atari, AtariConfig, FrameSkip, GREY, ObsType},
};
use preprocess::{PipelineConfig, pipeline};
use replay::{Comparison, Recording, finish, recordings};

const PIXELS: usize = 84 * 84;

#[test]
fn every_pixel_reward_and_end_equals_gymnasiums() {
    finish(recordings("pipeline").iter().map(|recording| compare(recording, &mut *made_as(recording))));
}

#[test]
fn a_game_that_skips_frames_itself_is_refused_in_its_first_step() {
    let first_step = |own, frame_skip| {
        let game = AtariConfig::from_id("PongNoFrameskip-v4").unwrap();
        let game = AtariConfig { obs_type: ObsType::Palette, frame_skip: FrameSkip::Fixed(own), ..game };
        let config = PipelineConfig { frame_skip, ..PipelineConfig::default() };
        let mut env = pipeline(Atari::new(&game).unwrap(), &GREY, &config).unwrap();
        let mut observation = vec![0; 4 * PIXELS];
        env.reset(Some(&1.into()), &mut observation).unwrap();
        env.step(Action::Discrete(0), &mut observation)
    };
    assert!(first_step(1, 4).is_ok() && first_step(4, 1).is_ok());
    assert!(matches!(first_step(4, 4), Err(Error::InvalidOption { name: "frame_skip", .. })));
}

/// Our pipeline with the options of the recorded one.
fn made_as(recording: &Recording) -> BoxEnv<u8> {
    let options = &recording.header["options"];
    let option = |name: &str, default: u64| options.get(name).map_or(default, |value| value.as_u64().unwrap());
    let game = Atari::new(&AtariConfig {
        obs_type: ObsType::Palette,
        frame_skip: FrameSkip::Fixed(1),
        noop_max: option("noop_max", 30) as u32,
        ..AtariConfig::from_id(recording.env()).unwrap()
    });
    let config = PipelineConfig {
        frame_skip: option("frame_skip", 4) as usize,
        terminal_on_life_loss: options.get("terminal_on_life_loss").is_some(),
        clip_rewards: recording.header["clipped"].as_bool().unwrap(),
        ..PipelineConfig::default()
    };
    pipeline(game.unwrap(), &GREY, &config).unwrap()
}

fn compare(recording: &Recording, env: &mut dyn envs::Env<Obs = u8>) -> Comparison {
    let [kinds, actions, frames] = ["kind", "action", "frame"].map(|name| recording.column::<u8>(name));
    let [terminated, truncated] = ["terminated", "truncated"].map(|name| recording.column::<u8>(name));
    let [lives, stacks] = ["lives", "stack"].map(|name| recording.column::<u32>(name));
    let rewards = recording.column::<f64>("reward");
    let mut seeds = recording.seeds().into_iter();
    let (mut comparison, mut observation) = (Comparison::new(&recording.case), vec![0; 4 * PIXELS]);
    for (row, kind) in kinds.iter().enumerate() {
        comparison.row();
        let step = match kind {
            0 => env.step(Action::Discrete(actions[row].into()), &mut observation).unwrap(),
            kind => {
                let seed = (*kind == 1).then(|| seeds.next().expect("a seed for each seeded reset"));
                Step { info: env.reset(seed.as_ref(), &mut observation).unwrap(), ..Step::default() }
            }
        };
        for (ours, theirs) in observation.chunks_exact(PIXELS).zip(&stacks[row * 4..][..4]) {
            comparison.all_equal("pixels", ours, &frames[*theirs as usize * PIXELS..][..PIXELS]);
        }
        comparison.equal("reward", step.reward, rewards[row]);
        comparison.equal("terminated", step.terminated.into(), terminated[row]);
        comparison.equal("truncated", step.truncated.into(), truncated[row]);
        comparison.equal("lives", step.info.lives.unwrap_or(0), lives[row]);
    }
    comparison
}
