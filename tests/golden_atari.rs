//! Atari games equal ale-py's: frames, memory, rewards, ends, lives and frame numbers, from the same seeds.

#[path = "parity/replay.rs"]
mod replay;

use std::path::PathBuf;

use envs::atari::{Atari, AtariConfig, Backend, ObsType, RomSource, bundled_roms};
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

/// Games of which the crate `ale` carries another ROM than ale-py need ale-py's, from the folder that `PARITY_ROMS` names.
#[cfg(feature = "ale")]
#[test]
fn every_other_game_equals_ale_pys_on_the_same_rom() {
    let recordings = recordings("atari");
    let compared = recordings.par_iter().map(|recording| {
        let known = KNOWN.iter().find(|(game, _)| recording.case == format!("atari/{game}"));
        let comparison = compare(recording, Backend::Ale);
        match known {
            Some((_, reason)) => comparison.known(reason),
            None => comparison,
        }
    });
    finish(compared.collect::<Vec<_>>());
}

fn compare(recording: &Recording, backend: Backend) -> Comparison {
    let game = recording.case.strip_prefix("atari/").unwrap_or("pong");
    let rom = ale_pys_rom(game).unwrap_or_else(|| RomSource::Bundled(game.into()));
    // An id exists only for a game whose ROM is bundled; the settings of ALE/<Game>-v5 are those of `new`.
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

/// The ROM file that ale-py plays, where the bundled one is another or there is none.
fn ale_pys_rom(game: &str) -> Option<RomSource> {
    let same = bundled_roms().iter().any(|rom| rom.game == game && rom.same_as_ale_py);
    let folder = PathBuf::from(std::env::var_os("PARITY_ROMS")?);
    (!same).then(|| RomSource::File(folder.join(format!("{game}.bin"))))
}
