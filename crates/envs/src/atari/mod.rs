//! Atari 2600 games on the native console of the crate `vcs` or on the Arcade Learning Environment (ALE).
//!
//! ALE is licensed under the GPL-2.0, and the ROMs belong to their makers: a program built with the crate feature `ale`
//! carries both. Without it the native console alone is there, and ROMs come from files.

mod action;
mod ale;
mod backend;
#[cfg(feature = "ale")]
mod binding;
mod config;
mod console;
#[cfg(feature = "ale")]
mod emulator;
mod env;
#[cfg(feature = "ale")]
mod layout;
mod mt19937;
mod native;
mod palette;
mod roms;

pub use action::AtariAction;
pub use ale::Ale;
pub use backend::Backend;
pub use config::{AtariConfig, FrameSkip, ObsType};
pub use env::Atari;
pub use palette::GREY;
pub use roms::{RomInfo, RomSource, bundled_roms};

use crate::EnvSpec;

/// What is registered: Gymnasium's ids of Pong, `ALE/<Game>-v5` of every bundled game (without ALE, of Pong and Breakout), and
/// `Pong`.
pub(crate) fn specs() -> Vec<EnvSpec> {
    let pong = ["Pong", "PongNoFrameskip", "PongDeterministic"];
    let versions = ["v0", "v4"];
    let pong = pong.iter().flat_map(|name| versions.map(|version| format!("{name}-{version}")));
    let games = playable_games().map(|game| format!("ALE/{}-v5", config::id_name(game)));
    pong.chain(games).chain(["Pong".to_owned()]).map(spec).collect()
}

fn playable_games() -> Box<dyn Iterator<Item = &'static str>> {
    if cfg!(feature = "ale") { Box::new(roms::bundled_games()) } else { Box::new(native::games()) }
}

fn spec(id: String) -> EnvSpec {
    let name = id.clone();
    limits(EnvSpec::new(id, move || Atari::new(&AtariConfig::from_id(&name)?)))
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
        limits(EnvSpec::new(id, move || Atari::new(&self)))
    }
}

/// The id's spec with the return at which the task counts as solved.
fn limits(mut spec: EnvSpec) -> EnvSpec {
    // Sticky actions cost points that no policy gets back.
    spec.reward_threshold = spec.id.contains("Pong").then_some(if spec.id.starts_with("ALE/") { 15.0 } else { 18.0 });
    spec
}
