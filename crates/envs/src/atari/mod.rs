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
mod games;
#[cfg(feature = "ale")]
mod layout;
mod mt19937;
mod openings;
mod palette;
mod roms;
mod sticky;
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

/// What is registered: `ALE/<Game>-v5` and Gymnasium's older ids of every game that this build plays, these also with the
/// memory in place of the screen, and `Pong`.
pub(crate) fn specs() -> Vec<EnvSpec> {
    let all = playable_games().flat_map(|game| ids(&config::id_name(game)).map(move |id| (id, game)));
    all.chain([("Pong".to_owned(), "pong")]).map(|(id, game)| spec(id, game)).collect()
}

/// A game's ids.
fn ids(name: &str) -> impl Iterator<Item = String> + use<> {
    let v5 = [format!("ALE/{name}-v5")];
    let kinds = ["", "NoFrameskip", "Deterministic", "-ram", "-ramNoFrameskip", "-ramDeterministic"];
    let older = kinds.map(|kind| ["v0", "v4"].map(|version| format!("{name}{kind}-{version}")));
    v5.into_iter().chain(older.into_iter().flatten())
}

/// The games that the native console plays, and those that ALE plays from a ROM that comes with it.
fn playable_games() -> impl Iterator<Item = &'static str> {
    let ales = roms::bundled_games().filter(|game| cfg!(feature = "ale") && games::named(game).is_none());
    games::all().map(|rules| rules.name).chain(ales)
}

/// The modes of a game of this name, such as `breakout`, that the native console offers, the default first; none where it
/// does not know the game.
pub fn modes(game: &str) -> &'static [u16] {
    games::named(game).map_or(&[], |rules| rules.modes)
}

/// The positions of the difficulty switches that it offers: bit 0 is the left one, bit 1 the right one. The default is 0, also
/// in Backgammon, which offers 3 alone.
pub fn difficulties(game: &str) -> &'static [u8] {
    games::named(game).map_or(&[], |rules| rules.difficulties)
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
