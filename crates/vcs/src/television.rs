//! The televisions that games were made for.

use serde::{Deserialize, Serialize};

use crate::screen::{HEIGHT, HEIGHT_PAL};

/// The televisions that a game was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Television {
    /// 262 lines in most games; a frame has at most 290.
    #[default]
    Ntsc,
    /// 312 lines in most games.
    Pal,
}

/// The lines of a frame that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// The lines after which a frame ends by itself with NTSC: no television has fewer.
pub(crate) const MOST_LINES: u32 = 291;

impl Television {
    /// The lines that are shown.
    ///
    /// ```
    /// assert_eq!([vcs::Television::Ntsc, vcs::Television::Pal].map(|television| television.height()), [210, 250]);
    /// ```
    pub fn height(self) -> usize {
        match self {
            Self::Ntsc => HEIGHT,
            Self::Pal => HEIGHT_PAL,
        }
    }

    /// Which lines are shown.
    pub(crate) fn lines(self) -> Lines {
        Lines { first: 34, count: self.height() as u32 }
    }

    /// The lines after which a frame ends by itself, at the next write to the TIA.
    pub(crate) const fn most_lines(self) -> u32 {
        match self {
            Self::Ntsc => MOST_LINES,
            Self::Pal => 343,
        }
    }
}
