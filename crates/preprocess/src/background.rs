//! What is background in each row of a frame.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The rows of a frame that have cells, as many as columns.
pub(crate) const FIELD_HEIGHT: usize = 160;

/// The two values that are background in each of the 160 rows that have cells: palette indices, or greens of RGB frames.
///
/// As text it is a list of runs of rows from the top down: how many, and their two values.
///
/// ```
/// use preprocess::Background;
/// let sky_above_grass: Background = "90x132/132 70x196/0".parse()?;
/// assert_eq!(sky_above_grass.to_string(), "90x132/132 70x196/0");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Background(pub(crate) [[u8; 2]; FIELD_HEIGHT]);

impl Background {
    /// The values of a row.
    pub(crate) fn of_row(&self, row: usize) -> [u8; 2] {
        self.0[row]
    }
}

impl fmt::Display for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, run) in self.0.chunk_by(|above, below| above == below).enumerate() {
            let ([a, b], space) = (run[0], if i == 0 { "" } else { " " });
            write!(f, "{space}{}x{a}/{b}", run.len())?;
        }
        Ok(())
    }
}

impl From<Background> for String {
    fn from(background: Background) -> Self {
        background.to_string()
    }
}

impl TryFrom<String> for Background {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let run = |run: &str| {
            let (rows, values) = run.split_once('x')?;
            let (a, b) = values.split_once('/')?;
            Some((rows.parse::<u8>().ok()?, [a.parse().ok()?, b.parse().ok()?]))
        };
        let runs: Option<Vec<(u8, [u8; 2])>> = text.split_whitespace().map(run).collect();
        let rows = runs.iter().flatten().flat_map(|&(rows, values)| std::iter::repeat_n(values, rows.into()));
        let rows: Vec<[u8; 2]> = rows.collect();
        let rows = rows
            .try_into()
            .map_err(|_| format!("no background {text:?}: expected {FIELD_HEIGHT} rows, such as \"160x34/228\""));
        rows.map(Self)
    }
}
