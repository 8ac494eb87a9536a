//! Atari games equal ale-py's: frames, memory, rewards, ends, lives and frame numbers, from the same seeds.

use envs::Env;
#[cfg(feature = "ale")]
use envs::atari::bundled_roms;
use envs::atari::{Atari, AtariConfig, Backend, FrameSkip, ObsType, RomSource, modes};
use rayon::prelude::*;
use replay::{Comparison, Recording, finish, recordings, replay};
use serde_json::Value;

#[cfg(feature = "ale")]
#[test]
fn pong_equals_ale_pys_by_every_id_and_with_every_option() {
    let compared = recordings("pong").par_iter().map(|recording| compare(recording, Backend::Ale)).collect::<Vec<_>>();
    finish(compared);
}

#[test]
fn pong_equals_ale_pys_on_the_native_console_too() {
    let compared = recordings("pong").par_iter().map(|recording| compare(recording, Backend::Vcs)).collect::<Vec<_>>();
    finish(compared);
}

/// Games that ALE 0.6 plays otherwise than 0.12 does.
#[cfg(feature = "ale")]
const KNOWN: [(&str, &str); 2] = [
    ("berzerk", "0.12 draws sticky actions while it selects the game's mode"),
    ("double_dunk", "0.12 draws sticky actions while it selects the game's mode"),
];

/// The games whose ROM in the crate `ale` is ale-py's, too: ALE 0.6 plays them as 0.12 does.
#[cfg(feature = "ale")]
#[test]
fn the_games_of_ale_equal_ale_pys() {
    let recordings = recordings("atari");
    let played = recordings.par_iter().filter(|recording| bundled_roms().iter().any(|rom| rom.game == name(recording)));
    let compared = played.map(|recording| {
        let known = KNOWN.iter().find(|(game, _)| recording.case == format!("atari/{game}"));
        let comparison = compare(recording, Backend::Ale);
        match known {
            Some((_, reason)) => comparison.known(reason),
            None => comparison,
        }
    });
    finish(compared.collect::<Vec<_>>());
}

#[test]
fn every_game_equals_ale_pys_on_the_native_console() {
    let recordings = recordings("atari");
    let played = recordings.par_iter().filter(|recording| !modes(name(recording)).is_empty());
    finish(played.map(|recording| compare(recording, Backend::Vcs)).collect::<Vec<_>>());
}

#[test]
fn every_game_equals_ale_pys_in_every_mode_and_difficulty() {
    let recordings = recordings("modes");
    let parts = recordings.par_iter().flat_map(Recording::parts);
    finish(parts.map(|recording| compare(&recording, Backend::Vcs)).collect::<Vec<_>>());
}

#[test]
fn the_ids_of_ale_py_make_what_they_make_there() {
    let [recording] = recordings("registry").try_into().ok().expect("one file");
    let mut comparison = Comparison::new(&recording.case);
    for kind in recording.header["kinds"].as_array().unwrap() {
        let kwargs = &kind["kwargs"];
        let number = |value: &Value| value.as_u64().unwrap() as u32;
        for id in kind["ids"].as_array().unwrap() {
            let [game, id] = [0, 1].map(|i| id[i].as_str().unwrap());
            if modes(game).is_empty() {
                continue;
            }
            let theirs = AtariConfig {
                frame_skip: match kwargs["frameskip"].as_array() {
                    Some(range) => FrameSkip::Range(number(&range[0]), number(&range[1])),
                    None => FrameSkip::Fixed(number(&kwargs["frameskip"])),
                },
                repeat_action_probability: kwargs["repeat_action_probability"].as_f64().unwrap() as f32,
                full_action_space: kwargs["full_action_space"].as_bool().unwrap(),
                max_num_frames_per_episode: Some(number(&kwargs["max_num_frames_per_episode"])),
                ..AtariConfig::new(RomSource::Bundled(game.into()))
            };
            comparison.row();
            let ours = AtariConfig::from_id(id);
            if envs::spec(id).is_err() || ours.as_ref() != Ok(&theirs) {
                comparison.differ(|| format!("{id}: ours {ours:?}, theirs {theirs:?}"));
            }
        }
    }
    finish([comparison]);
}

#[test]
fn ids_with_ram_show_the_memory_and_are_otherwise_those_without() {
    let ids = envs::registered().into_iter().map(|spec| spec.id).filter(|id| AtariConfig::from_id(id).is_ok());
    let (with_ram, without): (Vec<_>, Vec<_>) =
        ids.filter(|id| !id.starts_with("ALE/")).partition(|id| id.contains("-ram"));
    assert_eq!(with_ram.len() + 1, without.len(), "all but the id Pong have one with the memory");
    for id in with_ram {
        let of_the_screen = AtariConfig::from_id(&id.replace("-ram", "")).unwrap();
        assert_eq!(AtariConfig::from_id(&id).unwrap(), AtariConfig { obs_type: ObsType::Ram, ..of_the_screen });
    }
    let env = envs::make("Pong-ramNoFrameskip-v4").unwrap().typed::<u8>().unwrap();
    assert_eq!(env.observation_space().shape(), [128]);
}

fn name(recording: &Recording) -> &str {
    let mut folders = recording.case.split('/');
    match (folders.next(), folders.next()) {
        (Some("atari" | "modes"), Some(game)) => game,
        _ => "pong",
    }
}

fn compare(recording: &Recording, backend: Backend) -> Comparison {
    let rom = RomSource::Bundled(name(recording).into());
    // Not every build knows an id for every game; the settings of ALE/<Game>-v5 are those of `new`.
    let by_id = AtariConfig::from_id(recording.env()).unwrap_or_else(|_| AtariConfig::new(rom.clone()));
    let mut config = AtariConfig { rom, backend, ..by_id };
    for (option, value) in recording.kwargs() {
        match option.as_str() {
            "obs_type" if value == "ram" => config.obs_type = ObsType::Ram,
            "obs_type" if value == "grayscale" => config.obs_type = ObsType::Grayscale,
            "full_action_space" => config.full_action_space = value.as_bool().unwrap(),
            "max_num_frames_per_episode" => config.max_num_frames_per_episode = Some(value.as_u64().unwrap() as u32),
            "mode" => config.mode = Some(value.as_u64().unwrap() as u16),
            "difficulty" => config.difficulty = Some(value.as_u64().unwrap() as u8),
            // The Deterministic ids are this option of ale-py's.
            "frameskip" if recording.env().contains("Deterministic") => (),
            _ => panic!("{}: {option} = {value}", recording.case),
        }
    }
    let theirs: Vec<u32> = recording.column("ram_crc32");
    replay(recording, &mut Atari::new(&config).unwrap(), |comparison, env, row| {
        let mut ram = [0; 128];
        env.game().ram(&mut ram);
        comparison.equal("crc32 of the memory", crc32fast::hash(&ram), theirs[row]);
    })
}
