//! What can go wrong.

/// Why a cartridge was refused, or what translated code did wrong.
///
/// ```
/// assert_eq!(vcs::Rom::new(&[0; 5000]).unwrap_err(), vcs::Error::RomSize { size: 5000 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No cartridge has that many bytes.
    #[error("a ROM of {size} bytes: expected 1 to 4096, 8192, 10495, 16384 or 32768 bytes")]
    RomSize {
        /// Its bytes.
        size: usize,
    },
    /// Translated code came to another frame than the interpreter.
    #[cfg(feature = "translate")]
    #[error("translated code differs from the interpreter: report it, and build without the feature translate")]
    Translation,
}
