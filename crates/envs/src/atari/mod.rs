//! Atari 2600 games on the native console of the crate `vcs` or on the Arcade Learning Environment (ALE).
//!
//! ALE is licensed under the GPL-2.0, and the ROMs belong to their makers: a program built with the crate feature `ale`
//! carries both. Without it the native console alone is there, and ROMs come from files.

mod action;
#[cfg(feature = "ale")]
mod ale_backend;
mod backend;
mod config;
mod console;
mod controls;
#[cfg(feature = "ale")]
mod emulator;
mod env;
mod game;
#[cfg(feature = "ale")]
mod layout;
mod mt19937;
mod palette;
mod roms;
mod vcs_backend;

pub use action::AtariAction;
pub use backend::Backend;
pub use config::{AtariConfig, FrameSkip, ObsType};
pub use controls::{Controllers, Controls};
pub use env::Atari;
pub use game::Game;
pub use palette::GREY;
pub use roms::{RomInfo, RomSource, bundled_roms};

use crate::EnvSpec;

/// What is registered: Gymnasium's ids of Pong, `ALE/<Game>-v5` of every bundled game (without ALE, of those that the native
/// console plays), and `Pong`.
pub(crate) fn specs() -> Vec<EnvSpec> {
    let pong = ["Pong", "PongNoFrameskip", "PongDeterministic"];
    let versions = ["v0", "v4"];
    let pong = pong.iter().flat_map(|name| versions.map(|version| (format!("{name}-{version}"), "pong")));
    let games = playable_games().map(|game| (format!("ALE/{}-v5", config::id_name(game)), game));
    pong.chain(games).chain([("Pong".to_owned(), "pong")]).map(|(id, game)| spec(id, game)).collect()
}

fn playable_games() -> Box<dyn Iterator<Item = &'static str>> {
    if cfg!(feature = "ale") { Box::new(roms::bundled_games()) } else { Box::new(vcs_backend::games()) }
}

fn spec(id: String, game: &str) -> EnvSpec {
    let name = id.clone();
    let mut spec = EnvSpec::new(id, move || Atari::new(&AtariConfig::from_id(&name)?));
    spec.reward_threshold = solved_at(&spec.id, game);
    spec
}

/// The games that count as solved at some return, and this return: under most ids, and under `ALE/<Game>-v5`, whose sticky
/// actions cost points that no policy gets back.
const SOLVED_AT: [(&str, f64, f64); 1] = [("pong", 18.0, 15.0)];

fn solved_at(id: &str, game: &str) -> Option<f64> {
    let (_, plain, v5) = SOLVED_AT.iter().find(|(name, ..)| *name == game)?;
    Some(if id.starts_with("ALE/") { *v5 } else { *plain })
}

impl AtariConfig {
    /// What makes environments of this config, under an id.
    ///
    /// ```
    /// use envs::atari::{AtariConfig, Backend};
    /// let id = "PongNoFrameskip-v4";
    /// let spec = AtariConfig { backend: Backend::Vcs, ..AtariConfig::from_id(id)? }.into_spec(id);
    /// assert_eq!(spec.make()?.typed::<u8>()?.observation_space().shape(), [210, 160, 3]);
    /// # Ok::<(), envs::Error>(())
    /// ```
    pub fn into_spec(self, id: impl Into<String>) -> EnvSpec {
        let id = id.into();
        let reward_threshold = match &self.rom {
            RomSource::Bundled(game) => solved_at(&id, game),
            RomSource::File(_) => None,
        };
        let mut spec = EnvSpec::new(id, move || Atari::new(&self));
        spec.reward_threshold = reward_threshold;
        spec
    }
}
