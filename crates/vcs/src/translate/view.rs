//! What the console sees of a cartridge while its banks stay as they are.

use std::ops::Range;

use crate::{
    cartridge::Cartridge,
    image::{Banking, Image, WINDOW},
};

/// The 4 KiB in view, and which accesses may show something else or change what is in view.
pub(super) struct View {
    pub(super) code: [u8; WINDOW],
    /// The offsets at which reads show the code and do nothing else.
    pub(super) plain: Range<u16>,
    /// Whether a cartridge hears of it where BRK reads its address at FFFE.
    is_heard: bool,
    /// An address is in view where these of its bits have this value.
    pub(super) mask: u16,
    pub(super) value: u16,
    /// The slices in view, where an access may change them.
    pub(super) slices: Option<[u8; 4]>,
}

impl View {
    /// What is in view at a program counter; `None` where any write to the TIA may change it.
    pub(super) fn new(pc: u16, cartridge: &Cartridge, image: &Image) -> Option<Self> {
        if image.banking == Banking::Tigervision {
            return None;
        }
        let mut code = [0; WINDOW];
        for (byte, offset) in code.iter_mut().zip(0u16..) {
            *byte = cartridge.peek(pc & 0xe000 | 0x1000 | offset & 0xfff, image);
        }
        let mask = if image.banking == Banking::Fe { 0x3000 } else { 0x1000 };
        let slices = image.fixed().is_none().then_some(cartridge.slices);
        let is_heard = image.banking == Banking::Dpc;
        Some(Self { code, plain: image.plain(), is_heard, mask, value: pc & mask, slices })
    }

    pub(super) fn contains(&self, address: u16) -> bool {
        address & self.mask == self.value
    }

    /// Whether a read of any of these addresses shows the code and does nothing else.
    pub(super) fn is_plain(&self, first: u16, last: u16) -> bool {
        let offsets = first & 0xfff..=last & 0xfff;
        self.contains(first)
            && first >> 12 == last >> 12
            && *offsets.start() >= self.plain.start
            && *offsets.end() < self.plain.end
    }

    /// Whether some of what is in view is not plain.
    pub(super) fn has_holes(&self) -> bool {
        self.plain != (0..0x1000)
    }

    /// Whether BRK finds its address in view, and reading it does nothing else.
    pub(super) fn holds_vector(&self) -> bool {
        self.contains(0xfffe) && !self.is_heard
    }

    /// Whether an instruction of this length at this address is plain.
    pub(super) fn holds_code(&self, pc: u16, length: u16) -> bool {
        self.contains(pc) && pc & 0xfff >= self.plain.start && (pc & 0xfff) + length <= self.plain.end
    }
}
