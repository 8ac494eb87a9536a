//! The emulators.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

#[cfg(feature = "ale")]
use super::ale_backend::AleBackend;
use super::{
    console::Console,
    roms::{Rom, RomSource},
    vcs_backend::{self, VcsBackend},
};
use crate::Error;

/// The emulator that runs a game. Both compute the same.
///
/// ```
/// use envs::atari::Backend;
/// assert_eq!("vcs".parse(), Ok(Backend::Vcs));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The Arcade Learning Environment's own, which plays every game (cargo feature `ale`).
    Ale,
    /// The native one of the crate `vcs`, which is several times faster and knows the rules of few games.
    Vcs,
}

impl Backend {
    const ALL: [Self; 2] = [Self::Ale, Self::Vcs];

    /// The backend of a game where none is chosen: the native one where it plays the game by this name. What a file holds
    /// is not known before it is read; ALE plays it, if it is there.
    pub fn of(rom: &RomSource) -> Self {
        let is_native = match rom {
            RomSource::Bundled(name) => vcs_backend::games().any(|game| game == name),
            RomSource::File(_) => !cfg!(feature = "ale"),
        };
        if is_native { Self::Vcs } else { Self::Ale }
    }

    /// Puts a ROM into a new console; a reset must follow.
    pub(super) fn load(self, rom: &Rom) -> Result<Box<dyn Console>, Error> {
        match self {
            #[cfg(feature = "ale")]
            Self::Ale => Ok(Box::new(AleBackend::load(rom)?)),
            #[cfg(not(feature = "ale"))]
            Self::Ale => Err(Error::NotBuilt { what: format!("{} on the backend ale", rom.game), feature: "ale" }),
            Self::Vcs => Ok(Box::new(VcsBackend::load(rom)?)),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ale => "ale",
            Self::Vcs => "vcs",
        })
    }
}

impl FromStr for Backend {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|backend| backend.to_string() == name).ok_or_else(|| Error::InvalidOption {
            name: "backend",
            value: name.into(),
            expected: "ale or vcs".into(),
        })
    }
}
