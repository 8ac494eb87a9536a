//! Cartridges: the ROM, and which of its banks the console sees.

#[cfg(feature = "translate")]
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    machine::MOST_LINES,
    tia::{HEIGHT, HEIGHT_PAL},
};

/// The console sees 4 KiB; some bytes of room behind them spare the fetch of an instruction a check.
pub(crate) const WINDOW: usize = 4096 + 4;
/// Banks are made of slices of 1 KiB.
const SLICE: usize = 1024;

/// How a cartridge changes banks. The names are those under which the schemes are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banking {
    /// 2 or 4 KiB, always all there.
    None,
    /// 8 KiB in 2 banks, chosen by an access to 1FF8 or 1FF9.
    F8,
    /// 16 KiB in 4 banks, chosen by an access to 1FF6 to 1FF9.
    F6,
    /// 32 KiB in 8 banks, chosen by an access to 1FF4 to 1FFB.
    F4,
    /// 8 KiB in 8 slices of 1 KiB; three of the four in view are chosen by an access to 1FE0 to 1FF7.
    E0,
    /// 8 KiB in 2 banks, chosen by bit 13 of the program counter.
    Fe,
    /// Slices of 2 KiB; the lower one is chosen by what is written to 003F.
    Tigervision,
}

/// The televisions that a game was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Television {
    /// 262 lines in most games; a frame has at most 290.
    #[default]
    Ntsc,
    /// 312 lines in most games.
    Pal,
}

impl Television {
    /// The lines that are shown.
    pub(crate) fn height(self) -> usize {
        match self {
            Self::Ntsc => HEIGHT,
            Self::Pal => HEIGHT_PAL,
        }
    }

    /// The lines after which a frame ends by itself, at the next write to the TIA.
    pub(crate) fn most_lines(self) -> u32 {
        match self {
            Self::Ntsc => MOST_LINES,
            Self::Pal => 343,
        }
    }
}

/// The content of a cartridge.
///
/// ```
/// let rom = vcs::Rom::new(&[0xea; 4096])?;
/// assert_eq!(rom.banking(), vcs::Banking::None);
/// # Ok::<(), vcs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rom {
    bytes: Box<[u8]>,
    banking: Banking,
    television: Television,
    has_comb: bool,
    /// 128 bytes of memory on the cartridge, written at 1000, where reads show the ROM, and read at 1080.
    has_ram: bool,
    fixed: Option<Box<[u8; WINDOW]>>,
    #[cfg(feature = "translate")]
    translations: Arc<crate::translate::Translations>,
}

impl Rom {
    /// A cartridge with these bytes; how it changes banks is found out from them.
    ///
    /// # Errors
    /// [`Error::RomSize`] where no cartridge is that large.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let size = match bytes.len() {
            0 => return Err(Error::RomSize { size: 0 }),
            1..=2048 => 2048,
            2049..=4096 => 4096,
            size @ (8192 | 16384 | 32768) => size,
            size => return Err(Error::RomSize { size }),
        };
        let mut padded = bytes.to_vec();
        padded.resize(size, 0);
        let banking = match size {
            8192 => banking_of_8k(&padded),
            16384 => Banking::F6,
            32768 => Banking::F4,
            _ => Banking::None,
        };
        let fixed = (banking == Banking::None).then(|| {
            let mut window = Box::new([0; WINDOW]);
            for (i, byte) in window.iter_mut().enumerate() {
                *byte = padded[i % size];
            }
            window
        });
        let is_blank = |bank: &[u8]| bank[..128] == bank[128..256] && bank[..128].iter().all(|byte| *byte == bank[0]);
        let has_ram = matches!(banking, Banking::F8 | Banking::F6 | Banking::F4) && padded.chunks(4096).all(is_blank);
        Ok(Self {
            bytes: padded.into(),
            banking,
            television: Television::default(),
            has_comb: true,
            has_ram,
            fixed,
            #[cfg(feature = "translate")]
            translations: Arc::new(crate::translate::Translations::new()),
        })
    }

    /// The same for another television.
    pub fn for_television(self, television: Television) -> Self {
        Self { television, ..self }
    }

    /// The same without the black pixels at the left that HMOVE makes, which ALE leaves out for some games.
    pub fn without_comb(self) -> Self {
        Self { has_comb: false, ..self }
    }

    pub(crate) fn has_comb(&self) -> bool {
        self.has_comb
    }

    pub(crate) fn television(&self) -> Television {
        self.television
    }

    /// How the cartridge changes banks.
    pub fn banking(&self) -> Banking {
        self.banking
    }

    /// The 4 KiB that never change, where that is so.
    #[inline(always)]
    pub(crate) fn fixed(&self) -> Option<&[u8; WINDOW]> {
        self.fixed.as_deref()
    }

    /// The translations of its code.
    #[cfg(feature = "translate")]
    pub(crate) fn translations(&self) -> &crate::translate::Translations {
        &self.translations
    }

    fn slices(&self) -> usize {
        self.bytes.len() / SLICE
    }
}

/// Tells the schemes of 8 KiB apart by the addresses that instructions with absolute addresses name.
fn banking_of_8k(bytes: &[u8]) -> Banking {
    let named = |wanted: fn(u16) -> bool| {
        let is_access = |code: &&[u8]| {
            let address = u16::from_le_bytes([code[1], code[2]]);
            // Indexed addresses and jumps name tables and code that lie there, not what changes banks.
            matches!(code[0], 0x0c | 0x2c | 0x8d | 0x8c | 0x8e | 0xac | 0xad | 0xae | 0xcd)
                && address & 0x1000 != 0
                && wanted(address & 0xfff)
        };
        bytes.windows(3).filter(is_access).count()
    };
    let f8 = named(|address| matches!(address, 0xff8 | 0xff9));
    let e0 = named(|address| matches!(address, 0xfe0..=0xff7));
    let tigervision = bytes.windows(2).filter(|code| *code == [0x85, 0x3f]).count();
    if e0 > f8 {
        Banking::E0
    } else if tigervision > f8 && tigervision > 1 {
        Banking::Tigervision
    } else if f8 == 0 && bytes[0xffd] & 0x20 != 0 {
        // The first bank is the one with bit 13, where it begins; others change banks from code that they put into memory.
        Banking::Fe
    } else {
        Banking::F8
    }
}

/// What changes about a cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cartridge {
    /// Where in the ROM each KiB in view begins, in slices.
    slices: [u8; 4],
    #[serde(with = "crate::array")]
    pub(crate) ram: [u8; 128],
}

impl Cartridge {
    pub(crate) fn new(rom: &Rom) -> Self {
        let slices = match rom.banking {
            Banking::F8 => [4, 5, 6, 7],
            Banking::E0 => [4, 5, 6, 7],
            Banking::Tigervision => {
                let last = rom.slices() as u8;
                [0, 1, last - 2, last - 1]
            }
            _ => [0, 1, 2, 3],
        };
        Self { slices, ram: [0; 128] }
    }

    /// Whether this can be a state of that cartridge.
    pub(crate) fn fits(&self, rom: &Rom) -> bool {
        self.slices.iter().all(|slice| usize::from(*slice) < rom.slices()) || rom.fixed.is_some()
    }

    /// An instruction that lies within one slice, away from every address that changes banks.
    #[inline(always)]
    pub(crate) fn peek_code(&self, pc: u16, rom: &Rom) -> u32 {
        if rom.has_ram && pc & 0xfff < 0x100 || rom.banking == Banking::Fe {
            let byte = |i: u16| u32::from(self.peek(pc.wrapping_add(i), rom)) << (8 * i);
            return byte(0) | byte(1) | byte(2);
        }
        let at = self.offset(pc);
        match rom.bytes.get(at..at + 4) {
            Some(code) => u32::from_le_bytes([code[0], code[1], code[2], code[3]]),
            None => 0,
        }
    }

    #[inline(always)]
    fn offset(&self, address: u16) -> usize {
        usize::from(self.slices[usize::from(address >> 10 & 3)]) * SLICE + usize::from(address) % SLICE
    }

    /// A byte, without the effects of reading it.
    pub(crate) fn peek(&self, address: u16, rom: &Rom) -> u8 {
        if let Some(fixed) = rom.fixed() {
            return fixed[usize::from(address & 0xfff)];
        }
        if rom.has_ram && address & 0xf80 == 0x80 {
            return self.ram[usize::from(address & 0x7f)];
        }
        let at = if rom.banking == Banking::Fe {
            usize::from(address & 0xfff) + if address & 0x2000 == 0 { 4096 } else { 0 }
        } else {
            self.offset(address)
        };
        rom.bytes.get(at).copied().unwrap_or(0)
    }

    pub(crate) fn read(&mut self, address: u16, rom: &Rom) -> u8 {
        self.access(address & 0xfff, rom);
        self.peek(address, rom)
    }

    pub(crate) fn write(&mut self, address: u16, value: u8, rom: &Rom) {
        self.access(address & 0xfff, rom);
        if rom.has_ram && address & 0xf80 == 0 {
            self.ram[usize::from(address & 0x7f)] = value;
        }
    }

    /// A write below 0040, which some cartridges listen to.
    pub(crate) fn overhear(&mut self, value: u8, rom: &Rom) {
        if rom.banking == Banking::Tigervision {
            let bank = value % (rom.slices() / 2) as u8;
            self.slices[0] = 2 * bank;
            self.slices[1] = 2 * bank + 1;
        }
    }

    /// Changes banks where an access to this address does so.
    fn access(&mut self, address: u16, rom: &Rom) {
        let bank = match (rom.banking, address) {
            (Banking::F8, 0xff8..=0xff9) => address - 0xff8,
            (Banking::F6, 0xff6..=0xff9) => address - 0xff6,
            (Banking::F4, 0xff4..=0xffb) => address - 0xff4,
            (Banking::E0, 0xfe0..=0xff7) => {
                self.slices[usize::from(address >> 3 & 3)] = (address & 7) as u8;
                return;
            }
            _ => return,
        };
        self.slices = [0, 1, 2, 3].map(|slice| 4 * bank as u8 + slice);
    }
}
