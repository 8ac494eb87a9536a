//! Where the objects are in a line: from registers to masks.

use super::{
    mask::{all_stretched, stretched},
    pairs::PAIRS_OF,
    *,
};

/// Where the copies of players and missiles begin, by the lower three bits of NUSIZ.
pub(super) const COPIES: [&[u32]; 8] = [&[0], &[0, 16], &[0, 32], &[0, 16, 32], &[0, 64], &[0], &[0, 32, 64], &[0]];

/// The pixels from a player's or missile's position to the end of its last copy, at most, by the lower three bits of NUSIZ.
const SPAN: [u32; 8] = {
    // A wide player begins a pixel later.
    let (mut span, mut copies) = ([8, 8, 8, 8, 8, 17, 8, 33], 0);
    while copies < 8 {
        span[copies] += COPIES[copies][COPIES[copies].len() - 1];
        copies += 1;
    }
    span
};

/// Each byte with its bits in the other order.
static REVERSED: [u8; 256] = {
    let (mut reversed, mut bits) = ([0; 256], 0);
    while bits < 256 {
        reversed[bits] = (bits as u8).reverse_bits();
        bits += 1;
    }
    reversed
};

impl Tia {
    /// Whether no pixel of a moving object can be in this part of the line, whatever it shows.
    #[inline(always)]
    pub(super) fn is_outside(&self, object: usize, from: u32, to: u32) -> bool {
        if object == PF {
            return false;
        }
        let first = u32::from(self.position[object]);
        let widest = if object == BL { 8 } else { SPAN[usize::from(self.register(NUSIZ0 + (object & 1) as u8) & 7)] };
        let end = first + widest;
        end <= from || first >= to && end <= WIDTH as u32
    }

    /// Whether an object is enabled, or has graphics.
    #[inline(always)]
    pub(super) fn shows(&self, object: usize) -> bool {
        match object {
            P0 | P1 => self.graphics(object) != 0,
            M0 | M1 => self.register(ENAM0 + (object - M0) as u8) & 2 != 0,
            BL => self.has_ball(),
            _ => self.register(PF0) | self.register(PF0 + 1) | self.register(PF2) != 0,
        }
    }

    /// Where an object is in a line as the registers stand.
    ///
    /// All of this is inlined: what was just put together is used from registers. Reading it back from memory, in larger pieces
    /// than it was written in, would take longer than putting it together.
    #[inline(always)]
    pub(super) fn mask(&mut self, object: usize) -> Mask {
        if self.stale >> object & 1 == 0 {
            return self.masks[object];
        }
        let mask = match object {
            P0 | P1 => self.player(object, self.graphics(object)),
            M0 | M1 => self.missile(object - M0),
            BL if !self.has_ball() => Mask::EMPTY,
            BL => self.ball(),
            _ => self.playfield(),
        };
        self.stale &= !(1 << object);
        self.line.apart &= !PAIRS_OF[object];
        self.masks[object] = mask;
        mask
    }

    /// Where an object may be in a line: all that can be of it where it is.
    pub(super) fn extent(&self, object: usize) -> Mask {
        match object {
            P0 | P1 => self.player(object, 0xff),
            M0 | M1 => self.missile_at(object - M0, self.register(NUSIZ0 + (object - M0) as u8) >> 4 & 3),
            BL => self.ball(),
            _ => self.playfield(),
        }
    }

    /// The graphics that a player shows.
    pub(super) fn graphics(&self, n: usize) -> u8 {
        let is_delayed = self.register(VDELP0 + n as u8) & 1 != 0;
        if is_delayed { self.old_grp[n] } else { self.register(GRP0 + n as u8) }
    }

    #[inline(always)]
    fn player(&self, n: usize, graphics: u8) -> Mask {
        let i = n as u8;
        if graphics == 0 {
            return Mask::EMPTY;
        }
        // Bit 7 is the leftmost pixel; in a mask the lowest bit is.
        let reflected = self.register(REFP0 + i) & 8 != 0;
        let bits = if reflected { graphics } else { graphics.reverse_bits() };
        let (bits, late) = match self.register(NUSIZ0 + i) & 7 {
            5 => (stretched(bits, 2) as u32, 1),
            7 => (stretched(bits, 4) as u32, 1),
            _ => (bits.into(), 0),
        };
        self.copies(n, n, bits, late)
    }

    #[inline(always)]
    fn missile(&self, n: usize) -> Mask {
        let i = n as u8;
        if self.register(ENAM0 + i) & 2 == 0 || self.register(RESMP0 + i) & 2 != 0 {
            return Mask::EMPTY;
        }
        let mut size = self.register(NUSIZ0 + i) >> 4 & 3;
        if n == 0 && self.odd & WIDE_STARS != 0 {
            size |= 1;
        }
        if n == 0 && self.odd & NO_STARS != 0 {
            return Mask::EMPTY;
        }
        self.missile_at(n, size)
    }

    #[inline(always)]
    fn missile_at(&self, n: usize, size: u8) -> Mask {
        self.copies(M0 + n, n, (1 << (1 << size)) - 1, 0)
    }

    /// The bits at every copy of an object of player `n`.
    #[inline(always)]
    fn copies(&self, object: usize, n: usize, bits: u32, late: u32) -> Mask {
        let position = u32::from(self.position[object]);
        let first_is_hidden = object <= P1 && self.odd >> object & 1 != 0;
        let mut mask = Mask::EMPTY;
        for offset in COPIES[usize::from(self.register(NUSIZ0 + n as u8) & 7)] {
            if !(first_is_hidden && *offset == 0) {
                let place = position + offset + late;
                mask |= Mask::placed(bits, if place < 160 { place } else { place - 160 });
            }
        }
        mask
    }

    fn has_ball(&self) -> bool {
        let old = self.register(VDELBL) & 1 != 0;
        let enabled = if old { self.old_enabl } else { self.register(ENABL) };
        enabled & 2 != 0
    }

    #[inline(always)]
    fn ball(&self) -> Mask {
        let size = self.register(CTRLPF) >> 4 & 3;
        Mask::placed((1 << (1 << size)) - 1, self.position[BL].into())
    }

    #[inline(always)]
    fn playfield(&self) -> Mask {
        let [pf0, pf1, pf2] = [0, 1, 2].map(|i| self.register(PF0 + i));
        // From the left: PF0's bits 4 to 7, PF1's 7 to 0, PF2's 0 to 7.
        let reversed = |bits: u8| u32::from(REVERSED[usize::from(bits)]);
        let left = u32::from(pf0 >> 4) | reversed(pf1) << 4 | u32::from(pf2) << 12;
        let is_reflected = (self.register(CTRLPF) ^ self.odd >> PF) & 1 != 0;
        let right = match is_reflected {
            true => reversed(pf2) | u32::from(pf1) << 8 | reversed(pf0 >> 4 << 4) << 16,
            false => left,
        };
        // Each bit is 4 pixels: 64 pixels are 16 bits, and each half has 20.
        let bits = u64::from(left) | u64::from(right) << 20;
        Mask(
            [0, 16, 32]
                .map(|first| WIDE[(bits >> first & 0xff) as usize] | WIDE[(bits >> first >> 8 & 0xff) as usize] << 32),
        )
    }
}

/// Each of 8 bits, four times.
static WIDE: [u64; 256] = all_stretched(4);
