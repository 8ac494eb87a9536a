//! The one error type of this crate.

use crate::DType;

/// Why an environment refused a call. The environment's state is unchanged by a refused call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `step`, `render` or `save` before the first `reset`.
    #[error("the environment was not reset yet: call reset before step, render or save")]
    ResetNeeded,

    /// A step of a vector with [`Autoreset::Disabled`](crate::Autoreset) in which an environment's episode is over.
    #[error("the episode has ended: reset this environment before the next step (VecEnv::reset_where)")]
    EpisodeEnded,

    /// The id is neither registered nor a short name.
    #[error("unknown environment {id:?}{}", suggestion(.nearest))]
    UnknownEnv {
        /// The id that was asked for.
        id: String,
        /// The registered id that is nearest to it, if one is near.
        nearest: Option<String>,
    },

    /// The action is not in the action space.
    #[error("action {action} is not in the action space: expected {expected}")]
    InvalidAction {
        /// The action as given.
        action: String,
        /// What the action space takes.
        expected: String,
    },

    /// A buffer's length does not fit.
    #[error("{what} has {actual} elements: expected {expected}")]
    WrongLength {
        /// Which buffer.
        what: &'static str,
        /// Its length.
        actual: usize,
        /// The length that fits.
        expected: usize,
    },

    /// The environment's observations are of another type.
    #[error("the observations are {actual}: expected {expected}")]
    WrongDType {
        /// Their type.
        actual: DType,
        /// The type that was asked for.
        expected: DType,
    },

    /// An option of an environment, a wrapper or a vector environment is out of range.
    #[error("{name} = {value} is not possible: expected {expected}")]
    InvalidOption {
        /// The option's name.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values that are possible.
        expected: String,
    },

    /// Bytes given to `restore` that `save` of the same kind of environment did not write.
    #[error("this saved state cannot be restored: {reason}")]
    BadState {
        /// What is wrong with it.
        reason: String,
    },

    /// A ROM that is missing, unreadable, or no known game's.
    #[error("ROM {rom}: {reason}")]
    Rom {
        /// The path or the game's name.
        rom: String,
        /// What is wrong and what to do.
        reason: String,
    },

    /// It needs a part that this program was built without.
    #[error("{what} needs the cargo feature `{feature}`, which this program was built without")]
    NotBuilt {
        /// What was asked for.
        what: String,
        /// The feature to build with.
        feature: &'static str,
    },

    /// One environment of a vector failed.
    #[error("environment {index} of the vector: {source}")]
    InVector {
        /// Its index in the vector.
        index: usize,
        /// Its own error.
        source: Box<Error>,
    },

    /// One environment of a vector panicked; it must be reset before it can step again.
    #[error("environment {index} of the vector panicked: {message}")]
    Panicked {
        /// Its index in the vector.
        index: usize,
        /// The panic's message.
        message: String,
    },
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(id) => format!(": did you mean {id:?}?"),
        None => ": no registered id is like it".into(),
    }
}
