//! The emulators.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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
