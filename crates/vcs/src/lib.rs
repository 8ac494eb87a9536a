//! An Atari 2600 (VCS): the 6507 processor, the 6532 with memory, timer and ports, the picture chip TIA, and cartridges.
//!
//! Written from the hardware's public documentation and from what the Arcade Learning Environment shows from outside, to
//! whose frames its own are equal.
//!
//! ```
//! # let rom = [0xea; 4096];
//! let mut console = vcs::Console::new(vcs::Rom::new(&rom)?);
//! console.run_frame(&vcs::Inputs::default());
//! assert_eq!(console.screen().len(), 210 * 160);
//! # Ok::<(), vcs::Error>(())
//! ```

mod array;
mod cartridge;
mod console;
mod controls;
mod cpu;
mod machine;
mod riot;
#[cfg(test)]
mod tests;
mod tia;
#[cfg(feature = "translate")]
mod translate;

pub use cartridge::{Banking, Rom, Television};
pub use console::{Console, State};
pub use controls::{Controllers, Controls};
pub use machine::Inputs;
pub use tia::{HEIGHT, WIDTH};

/// Why a cartridge was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No cartridge has that many bytes.
    #[error("a ROM of {size} bytes: expected 1 to 4096, 8192, 16384 or 32768 bytes")]
    RomSize {
        /// Its bytes.
        size: usize,
    },
    /// Translated code came to another frame than the interpreter.
    #[cfg(feature = "translate")]
    #[error("translated code differs from the interpreter: report it, and build without the feature translate")]
    Translation,
}
