//! The native Atari emulator computes what the Arcade Learning Environment's does.

use envs::{
    Action, Env, Error, Seed,
    atari::{Atari, AtariAction, AtariConfig, Backend, Game, ObsType, RomSource, difficulties, modes},
};
use vcs::Banking;

fn game(backend: Backend, id: &str) -> Atari {
    let config = AtariConfig::from_id(id).unwrap();
    Atari::new(&AtariConfig { backend, obs_type: ObsType::Palette, ..config }).unwrap()
}

type Answer = (u32, f64, bool, Option<u32>, Option<u32>, u32);

/// Every answer of an environment to scripted actions.
fn play(env: &mut Atari, seed: u64, steps: usize) -> Vec<Answer> {
    let mut observation = vec![0; env.observation_space().size()];
    let actions = env.game().minimal_actions().len();
    env.reset(Some(&Seed::from(seed)), &mut observation).unwrap();
    let mut step = |t: usize| {
        let step = env.step(Action::Discrete((t / 7 % actions) as i64), &mut observation).unwrap();
        let mut ram = [0; 128];
        env.game().ram(&mut ram);
        let (lives, frame) = (step.info.lives, step.info.episode_frame_number);
        (crc32fast::hash(&observation), step.reward, step.terminated, lives, frame, crc32fast::hash(&ram))
    };
    (0..steps).map(&mut step).collect()
}

#[test]
fn games_are_the_same_on_both_backends_with_every_id() {
    let pongs = ["PongNoFrameskip-v4", "PongNoFrameskip-v0", "Pong-v0", "Pong-v4", "ALE/Pong-v5", "Pong"];
    let breakouts = ["BreakoutNoFrameskip-v4", "Breakout-v0", "BreakoutDeterministic-v4", "ALE/Breakout-v5"];
    for id in pongs.into_iter().chain(breakouts) {
        let [theirs, ours] = [Backend::Ale, Backend::Vcs].map(|backend| play(&mut game(backend, id), 3, 1500));
        assert!(theirs == ours, "{id}");
    }
}

#[test]
fn the_native_console_is_the_default_of_the_games_that_it_knows() {
    let pongs = ["Pong", "Pong-v0", "Pong-v4", "PongNoFrameskip-v4", "PongDeterministic-v0", "ALE/Pong-v5"];
    let known = pongs.into_iter().chain([
        "ALE/Breakout-v5",
        "ALE/Seaquest-v5",
        "ALE/DoubleDunk-v5",
        "ALE/Atlantis2-v5",
        "KingKong-v4",
    ]);
    assert!(known.into_iter().all(|id| AtariConfig::from_id(id).unwrap().backend == Backend::Vcs));
}

#[test]
fn a_game_that_ends_between_two_seen_frames_shows_its_last_frame() {
    let end = |backend| {
        let mut env = game(backend, "PongDeterministic-v4");
        let steps = play(&mut env, 0, 1100);
        let end = steps.iter().position(|step| step.2).expect("nobody moves: the game is lost in 1100 steps");
        steps[end..].to_vec()
    };
    assert!(end(Backend::Ale) == end(Backend::Vcs));
}

#[test]
fn a_saved_state_goes_on_in_another_environment_and_other_states_are_refused() {
    let mut one = game(Backend::Vcs, "Pong-v0");
    play(&mut one, 1, 200);
    let mut state = vec![];
    one.save(&mut state).unwrap();
    let mut other = game(Backend::Vcs, "Pong-v0");
    other.restore(&mut state.as_slice()).unwrap();
    let mut observations = [vec![0; 33_600], vec![0; 33_600]];
    for t in 0..300 {
        let action = Action::Discrete(t / 5 % 6);
        let [a, b] = &mut observations;
        assert_eq!(one.step(action, a), other.step(action, b));
        assert!(a == b, "step {t}");
    }

    let refused = game(Backend::Ale, "Pong-v0").restore(&mut state.as_slice());
    assert!(matches!(refused, Err(Error::BadState { reason }) if reason.contains("vcs")));
}

#[test]
fn a_game_is_played_in_each_of_its_modes_and_difficulties_and_in_no_other() {
    let start = |mode, difficulty| {
        let config = AtariConfig { mode, difficulty, ..AtariConfig::from_id("ALE/Freeway-v5").unwrap() };
        let mut env = Atari::new(&config)?;
        let mut screen = vec![0; env.observation_space().size()];
        env.reset(Some(&Seed::from(0)), &mut screen)?;
        Ok::<_, Error>(crc32fast::hash(&screen))
    };
    assert_eq!(modes("freeway"), [0, 1, 2, 3, 4, 5, 6, 7]);
    let mut screens: Vec<u32> = modes("freeway").iter().map(|&mode| start(Some(mode), None).unwrap()).collect();
    assert_eq!(screens[0], start(None, Some(difficulties("freeway")[0])).unwrap(), "the first ones are the defaults");
    screens.dedup();
    assert!(screens.len() > 4, "modes look alike: {screens:?}");
    assert!(matches!(start(Some(8), None), Err(Error::InvalidOption { name: "mode", .. })));
    assert!(matches!(start(None, Some(4)), Err(Error::InvalidOption { name: "difficulty", .. })));
}

#[test]
fn cartridges_of_8_kib_change_banks_as_they_were_made_to() {
    let games = [
        (Banking::F8, ["asterix", "asteroids", "centipede", "gravitar", "kangaroo", "ms_pacman"].as_slice()),
        (Banking::E0, &["jamesbond", "montezuma_revenge", "tutankham"]),
        (Banking::Fe, &["robotank"]),
    ];
    for (banking, games) in games {
        for game in games {
            let rom = vcs::Rom::new(&RomSource::Bundled((*game).into()).read().unwrap()).unwrap();
            assert_eq!(rom.banking(), banking, "{game}");
        }
    }
}

#[test]
fn frames_that_are_not_drawn_change_nothing_else() {
    let load = || {
        let mut game = Game::load(&RomSource::Bundled("pong".into()), Backend::Vcs, 0.25).unwrap();
        game.reset();
        game
    };
    let (mut drawn, mut unseen) = (load(), load());
    let mut memories = [[0; 128]; 2];
    for t in 0..3000u32 {
        let action = AtariAction::new([0, 3, 4, 1, 11, 12][(t / 9 % 6) as usize]).unwrap();
        assert_eq!(drawn.act(action), unseen.act_unseen(action), "frame {t}");
        drawn.ram(&mut memories[0]);
        unseen.ram(&mut memories[1]);
        assert_eq!(memories[0], memories[1], "frame {t}");
    }
}
