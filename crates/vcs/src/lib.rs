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
//!
//! A [`Console`] with a [`Rom`] in it goes frame by frame from [`Inputs`] to a screen and a memory. Within, imports run one
//! way: `console` to `translate` and `cpu`, these to `bus`, that to `machine` (with `tia`, `riot` and `cartridge`) and `image`.

mod array;
mod bus;
mod cartridge;
mod console;
mod cpu;
mod dpc;
mod error;
mod image;
mod inputs;
mod machine;
mod riot;
mod rom;
mod screen;
mod television;
#[cfg(test)]
mod tests;
mod tia;
#[cfg(feature = "translate")]
mod translate;

pub use console::{Console, State};
pub use error::Error;
pub use image::Banking;
pub use inputs::Inputs;
pub use rom::Rom;
pub use screen::{HEIGHT, WIDTH};
pub use television::Television;
