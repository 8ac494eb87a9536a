//! The games of the native console need nothing else: these tests also run where ALE is left out of the build.

#[cfg(not(feature = "ale"))]
use std::{fs, path::Path, process::Command};

#[cfg(not(feature = "ale"))]
use envs::atari::Backend;
use envs::{
    Action, BoxEnv, Env, Error, Seed,
    atari::{Atari, AtariConfig, Game, ObsType},
};

/// The same checksum as the golden file `pong/ALE-Pong-v5` begins with, from ale-py.
const FIRST_FRAME: u32 = 3_447_781_520;

fn play(id: &str) -> Result<(u32, f64), Error> {
    let mut env = envs::make(id)?.typed::<u8>()?;
    let mut observation = vec![0; 210 * 160 * 3];
    env.reset(Some(&Seed::from(0)), &mut observation)?;
    let first = crc32fast::hash(&observation);
    let mut points = 0.0;
    for step in 0..300 {
        points += env.step(Action::Discrete(step / 20 % 4), &mut observation)?.reward;
    }
    Ok((first, points))
}

#[test]
fn breakout_plays() {
    let (_, points) = play("ALE/Breakout-v5").unwrap();
    assert!(points > 0.0, "{points} points of five balls");
}

#[test]
fn pong_plays() {
    let (first, points) = play("ALE/Pong-v5").unwrap();
    assert_eq!(first, FIRST_FRAME);
    assert!(points < -1.0, "{points} points of nobody who looks");
}

fn game(env: &mut BoxEnv<u8>) -> &mut Game {
    env.simulator_mut().and_then(|simulator| simulator.downcast_mut()).unwrap()
}

#[test]
fn a_frame_that_was_not_drawn_is_drawn_when_it_is_looked_at() {
    let make = || envs::make("BreakoutNoFrameskip-v4").unwrap().typed::<u8>().unwrap();
    let (mut seen, mut unseen, mut restored) = (make(), make(), make());
    let mut observation = vec![0; 210 * 160 * 3];
    for env in [&mut seen, &mut unseen, &mut restored] {
        env.reset(Some(&Seed::from(0)), &mut observation).unwrap();
    }
    for step in 0..200 {
        let action = Action::Discrete(step / 20 % 4);
        let told = seen.step(action, &mut observation).unwrap();
        // The time limit outside has no part in it.
        let played = game(&mut unseen);
        let code = played.minimal_actions()[(step / 20 % 4) as usize];
        assert_eq!(f64::from(played.act_unseen(code)), told.reward);
        let mut pixels = vec![0; 210 * 160 * 3];
        played.rgb(&mut pixels);
        assert_eq!(pixels, observation, "step {step}");
        let mut state = vec![];
        played.save(&mut state).unwrap();
        let other = game(&mut restored);
        other.restore(&mut state.as_slice()).unwrap();
        other.rgb(&mut pixels);
        assert_eq!(pixels, observation, "restored after step {step}");
    }
}

#[test]
fn kept_pictures_are_those_that_a_step_writes() {
    // The last two leave frames unfinished now and then.
    for game in ["Breakout", "Seaquest", "Amidar", "Qbert"] {
        let config = AtariConfig::from_id(&format!("{game}NoFrameskip-v4")).unwrap();
        let config = AtariConfig { obs_type: ObsType::Palette, ..config };
        let [mut writing, mut keeping] = [(); 2].map(|()| Atari::new(&config).unwrap());
        let mut written = [(); 2].map(|()| vec![0; writing.observation_space().size()]);
        let mut rows = written.clone();
        for env in [&mut writing, &mut keeping] {
            env.reset(Some(&Seed::from(0)), &mut written[1]).unwrap();
        }
        for step in 0..1000 {
            let (newest, before) = (step % 2, (step + 1) % 2);
            let action = Action::Discrete(step as i64 / 20 % 4);
            let told = writing.step(action, &mut written[newest]).unwrap();
            assert_eq!(keeping.step_kept(action, &mut rows[newest]).unwrap(), told);
            if told.done() {
                break;
            }
            let kept = keeping.kept();
            assert!(kept[0].unwrap_or(&rows[newest]) == written[newest], "{game}, step {step}");
            assert!(step == 0 || kept[1].unwrap_or(&rows[before]) == written[before], "{game}, before step {step}");
        }
    }
}

#[cfg(not(feature = "ale"))]
#[test]
fn what_is_left_out_is_said_with_the_feature_that_brings_it() {
    let not_built = |error: Option<Error>| matches!(error, Some(Error::NotBuilt { feature: "ale", .. }));
    let pong = AtariConfig::from_id("Pong-v4").unwrap();
    assert!(not_built(Atari::new(&AtariConfig { backend: Backend::Ale, ..pong }).err()));
    assert!(matches!(envs::spec("ALE/Nonsense-v5"), Err(Error::UnknownEnv { .. })));
}

#[cfg(not(feature = "ale"))]
#[test]
fn a_missing_or_foreign_rom_is_named_with_the_remedy() {
    let folder = std::env::temp_dir().join(format!("native-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("pong.bin"), [7; 2048]).unwrap();
    let told = [Path::new("/nowhere"), &folder].map(|roms| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "helper_fails_without_a_rom", "--ignored"]).env("ATARI_ROMS", roms);
        command.status().unwrap().success()
    });
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(told, [true; 2]);
}

#[cfg(not(feature = "ale"))]
#[test]
#[ignore = "run by another test"]
fn helper_fails_without_a_rom() {
    let error = play("Pong-v4").unwrap_err();
    assert!(matches!(&error, Error::Rom { reason, .. } if reason.contains("make setup")), "{error}");
}
