//! Atari games equal ale-py's: frames, memory, rewards, ends, lives and frame numbers, from the same seeds.

#[cfg(feature = "ale")]
use envs::atari::bundled_roms;
use envs::atari::{Atari, AtariConfig, Backend, ObsType, RomSource, modes};
use rayon::prelude::*;
use replay::{Comparison, Recording, finish, recordings, replay};

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

fn name(recording: &Recording) -> &str {
    recording.case.strip_prefix("atari/").unwrap_or("pong")
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
