//! What is in a cartridge and never changes: its bytes, and how it shows them.

#[cfg(feature = "translate")]
use std::ops::Range;

use crate::{
    dpc,
    error::Error,
    television::{Lines, Television},
};

/// The console sees 4 KiB; some bytes of room after them spare the fetch of an instruction a check.
pub(crate) const WINDOW: usize = 4096 + 4;
/// Banks are made of slices of 1 KiB.
pub(crate) const SLICE: usize = 1024;

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
    /// Pitfall II: 8 KiB in 2 banks as in [`F8`](Self::F8), and a chip with 2 KiB of pictures.
    Dpc,
}

/// A cartridge's content, and for which console it is.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) banking: Banking,
    pub(crate) television: Television,
    pub(crate) lines: Lines,
    /// Whether HMOVE makes black pixels at the left.
    pub(crate) has_comb: bool,
    /// 128 bytes of memory on the cartridge, written at 1000, where reads show the ROM, and read at 1080.
    pub(crate) has_ram: bool,
    fixed: Option<Box<[u8; WINDOW]>>,
}

impl Image {
    /// A cartridge with these bytes; how it changes banks is found out from them.
    ///
    /// # Errors
    /// [`Error::RomSize`] where no cartridge is that large.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let size = match bytes.len() {
            0 => return Err(Error::RomSize { size: 0 }),
            1..=2048 => 2048,
            2049..=4096 => 4096,
            size @ (8192 | dpc::SIZE | 16384 | 32768) => size,
            size => return Err(Error::RomSize { size }),
        };
        let mut padded = bytes.to_vec();
        padded.resize(size, 0);
        let banking = match size {
            8192 => banking_of_8k(&padded),
            dpc::SIZE => Banking::Dpc,
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
        let television = Television::default();
        let lines = television.lines();
        Ok(Self { bytes: padded.into(), banking, television, lines, has_comb: true, has_ram, fixed })
    }

    /// The 4 KiB that never change, where that is so.
    #[inline(always)]
    pub(crate) fn fixed(&self) -> Option<&[u8; WINDOW]> {
        self.fixed.as_deref()
    }

    /// The offsets at which reads show the bytes in view and do nothing else.
    #[cfg(feature = "translate")]
    pub(crate) fn plain(&self) -> Range<u16> {
        let first = match self.banking {
            Banking::Dpc => 0x80,
            _ if self.has_ram => 0x100,
            _ => 0,
        };
        first..if self.fixed.is_some() { 0x1000 } else { self.first_special() }
    }

    /// The offset from which on accesses may do more than read.
    #[inline(always)]
    pub(crate) fn first_special(&self) -> u16 {
        match self.banking {
            Banking::F8 => 0xff8,
            Banking::F6 => 0xff6,
            Banking::F4 => 0xff4,
            Banking::Dpc => dpc::LISTENS,
            _ => 0xfe0,
        }
    }

    pub(crate) fn slices(&self) -> usize {
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
