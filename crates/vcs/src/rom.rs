//! A ROM as users put it into consoles.

#[cfg(feature = "translate")]
use std::sync::Arc;

#[cfg(feature = "translate")]
use crate::translate::Translations;
use crate::{
    error::Error,
    image::{Banking, Image},
    screen::HEIGHT_PAL,
    television::{Lines, Television},
};

/// The content of a cartridge, and the translations of its code, which all consoles with clones of it share.
///
/// ```
/// let rom = vcs::Rom::new(&[0xea; 4096])?;
/// assert_eq!(rom.banking(), vcs::Banking::None);
/// # Ok::<(), vcs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rom {
    pub(crate) image: Image,
    #[cfg(feature = "translate")]
    pub(crate) translations: Arc<Translations>,
}

impl Rom {
    /// A cartridge with these bytes; how it changes banks is found out from them.
    ///
    /// ```
    /// assert!(vcs::Rom::new(&[0xea; 2048]).is_ok());
    /// assert!(vcs::Rom::new(&[0xea; 3 * 4096]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::RomSize`] where no cartridge is that large.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            image: Image::new(bytes)?,
            #[cfg(feature = "translate")]
            translations: Arc::new(Translations::new()),
        })
    }

    /// This cartridge, made for another television.
    ///
    /// ```
    /// let rom = vcs::Rom::new(&[0xea; 4096])?.for_television(vcs::Television::Pal);
    /// assert_eq!(vcs::Console::new(rom).screen().len(), 250 * 160);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn for_television(mut self, television: Television) -> Self {
        self.image.television = television;
        self.image.lines = television.lines();
        self
    }

    /// This cartridge on a television that shows `count` lines, 250 at most, from line `first` of a frame on.
    ///
    /// ```
    /// let rom = vcs::Rom::new(&[0xea; 4096])?.showing(26, 214);
    /// assert_eq!(vcs::Console::new(rom).screen().len(), 214 * 160);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn showing(mut self, first: u32, count: u32) -> Self {
        self.image.lines = Lines { first, count: count.min(HEIGHT_PAL as u32) };
        self
    }

    /// This cartridge without the black pixels at the left that HMOVE makes, which ALE leaves out for some games.
    ///
    /// ```
    /// let rom = vcs::Rom::new(&[0xea; 4096])?.without_comb();
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn without_comb(mut self) -> Self {
        self.image.has_comb = false;
        self
    }

    /// Whether there is memory on the cartridge, which is arbitrary when the console is switched on.
    ///
    /// ```
    /// assert!(!vcs::Rom::new(&[0xea; 4096])?.has_memory());
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn has_memory(&self) -> bool {
        self.image.has_ram
    }

    /// How the cartridge changes banks.
    ///
    /// ```
    /// assert_eq!(vcs::Rom::new(&[0xea; 16384])?.banking(), vcs::Banking::F6);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn banking(&self) -> Banking {
        self.image.banking
    }
}
