//! What changes about a cartridge: which of its banks the console sees, and memory on it.

use serde::{Deserialize, Serialize};

use crate::{
    dpc,
    image::{Banking, Image, SLICE},
};

/// What changes about a cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cartridge {
    /// Where in the ROM each KiB in view begins, in slices.
    pub(crate) slices: [u8; 4],
    #[serde(with = "crate::array")]
    pub(crate) ram: [u8; 128],
}

impl Cartridge {
    pub(crate) fn new(image: &Image) -> Self {
        let slices = match image.banking {
            Banking::F8 | Banking::E0 | Banking::Dpc => [4, 5, 6, 7],
            Banking::Tigervision => {
                let last = image.slices() as u8;
                [0, 1, last - 2, last - 1]
            }
            _ => [0, 1, 2, 3],
        };
        let ram = if image.banking == Banking::Dpc { dpc::START } else { [0; 128] };
        Self { slices, ram }
    }

    /// Whether this can be a state of that cartridge.
    pub(crate) fn fits(&self, image: &Image) -> bool {
        self.slices.iter().all(|slice| usize::from(*slice) < image.slices()) || image.fixed().is_some()
    }

    /// An instruction that lies within one slice, away from every address that changes banks.
    #[inline(always)]
    pub(crate) fn peek_code(&self, pc: u16, image: &Image) -> u32 {
        if image.has_ram && pc & 0xfff < 0x100 || image.banking == Banking::Fe {
            let byte = |i: u16| u32::from(self.peek(pc.wrapping_add(i), image)) << (8 * i);
            return byte(0) | byte(1) | byte(2);
        }
        let at = self.offset(pc);
        match image.bytes.get(at..at + 4) {
            Some(code) => u32::from_le_bytes([code[0], code[1], code[2], code[3]]),
            None => 0,
        }
    }

    #[inline(always)]
    fn offset(&self, address: u16) -> usize {
        usize::from(self.slices[usize::from(address >> 10 & 3)]) * SLICE + usize::from(address) % SLICE
    }

    /// A byte, without the effects of reading it.
    pub(crate) fn peek(&self, address: u16, image: &Image) -> u8 {
        if let Some(fixed) = image.fixed() {
            return fixed[usize::from(address & 0xfff)];
        }
        if image.has_ram && address & 0xf80 == 0x80 {
            return self.ram[usize::from(address & 0x7f)];
        }
        let at = if image.banking == Banking::Fe {
            usize::from(address & 0xfff) + if address & 0x2000 == 0 { 4096 } else { 0 }
        } else {
            self.offset(address)
        };
        image.bytes.get(at).copied().unwrap_or(0)
    }

    pub(crate) fn read(&mut self, address: u16, image: &Image) -> u8 {
        self.access(address & 0xfff, image);
        if image.banking == Banking::Dpc && address & 0xfff < 0x80 {
            match address & 0x40 {
                0 => return dpc::read(&mut self.ram, address, &image.bytes),
                _ => dpc::touch(&mut self.ram),
            }
        }
        self.peek(address, image)
    }

    pub(crate) fn write(&mut self, address: u16, value: u8, image: &Image) {
        self.access(address & 0xfff, image);
        if image.has_ram && address & 0xf80 == 0 {
            self.ram[usize::from(address & 0x7f)] = value;
        } else if image.banking == Banking::Dpc && address & 0xfc0 == 0x40 {
            dpc::write(&mut self.ram, address, value);
        }
    }

    /// A write below 0040, which some cartridges listen to.
    pub(crate) fn overhear(&mut self, value: u8, image: &Image) {
        if image.banking == Banking::Tigervision {
            let bank = value % (image.slices() / 2) as u8;
            self.slices[0] = 2 * bank;
            self.slices[1] = 2 * bank + 1;
        }
    }

    /// Lets Pitfall II's chip hear of an access.
    pub(crate) fn listen(&mut self, address: u16, image: &Image) {
        if image.banking == Banking::Dpc && address >= dpc::LISTENS {
            dpc::touch(&mut self.ram);
        }
    }

    /// Changes banks where an access to this address does so.
    fn access(&mut self, address: u16, image: &Image) {
        self.listen(address, image);
        let bank = match (image.banking, address) {
            (Banking::F8 | Banking::Dpc, 0xff8..=0xff9) => address - 0xff8,
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
