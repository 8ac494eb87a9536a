//! Pairs of objects: which have met, which may, and which the program asks for.

use super::*;

/// After so many frames, at most twice as many, a pair that was not asked for again is not followed any more.
pub(super) const WINDOW: u8 = 64;

/// Every pair of objects.
pub(crate) const ALL_PAIRS: u16 = (1 << 15) - 1;

/// The pairs that bits 7 and 6 of each collision register tell of.
const PAIRS_READ: [[u16; 2]; 8] = {
    const fn bit(a: usize, b: usize) -> u16 {
        1 << pair(a, b)
    }
    [
        [bit(M0, P1), bit(M0, P0)],
        [bit(M1, P0), bit(M1, P1)],
        [bit(P0, PF), bit(P0, BL)],
        [bit(P1, PF), bit(P1, BL)],
        [bit(M0, PF), bit(M0, BL)],
        [bit(M1, PF), bit(M1, BL)],
        [bit(BL, PF), 0],
        [bit(P0, P1), bit(M0, M1)],
    ]
};

/// The bit of two objects' collision.
const fn pair(a: usize, b: usize) -> usize {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    high * (high - 1) / 2 + low
}

/// The pairs of which both objects are in a set, by its bits.
static PAIRS_AMONG: [u16; 64] = {
    let (mut among, mut set) = ([0; 64], 0);
    while set < 64 {
        among[set] = pairs_among(set);
        set += 1;
    }
    among
};

/// The pairs that an object is one of.
pub(super) const PAIRS_OF: [u16; 6] = {
    let (mut of, mut object) = ([0; 6], 0);
    while object < 6 {
        of[object] = pairs_among(63) & !pairs_among(63 ^ 1 << object);
        object += 1;
    }
    of
};

const fn pairs_among(set: usize) -> u16 {
    let (mut pairs, mut high) = (0, 1);
    while high < 6 {
        let mut low = 0;
        while low < high {
            if set >> low & set >> high & 1 != 0 {
                pairs |= 1 << pair(low, high);
            }
            low += 1;
        }
        high += 1;
    }
    pairs
}

/// The pairs of which an object is in a set, by its bits.
pub(super) static PAIRS_TOUCHING: [u16; 64] = {
    let (mut touching, mut set) = ([0; 64], 0);
    while set < 64 {
        touching[set] = pairs_among(63) & !pairs_among(63 ^ set);
        set += 1;
    }
    touching
};

/// The objects of each pair's bit.
pub(super) static OBJECTS_OF: [(usize, usize); 15] = {
    let (mut of, mut high) = ([(0, 0); 15], 1);
    while high < 6 {
        let mut low = 0;
        while low < high {
            of[pair(low, high)] = (low, high);
            low += 1;
        }
        high += 1;
    }
    of
};

impl Tia {
    /// A collision register.
    pub(crate) fn collisions(&self, register: u8) -> u8 {
        let [high, low] = PAIRS_READ[usize::from(register & 7)].map(|pairs| u8::from(self.collisions & pairs != 0));
        high << 7 | low << 6
    }

    /// The pairs that the program has asked for of late.
    pub(crate) fn asked(&self) -> u16 {
        self.asked | self.asked_before
    }

    /// Follows these pairs from now on.
    pub(crate) fn ask(&mut self, pairs: u16) {
        self.asked |= pairs;
        self.open |= pairs & !self.collisions;
    }

    /// Follows none but these pairs after the next CXCLR.
    pub(crate) fn ask_only(&mut self, pairs: u16) {
        (self.asked, self.asked_before) = (pairs, 0);
    }

    /// Asks for the pairs of a collision register. Returns whether they are known.
    pub(crate) fn knows(&mut self, register: u8) -> bool {
        let [high, low] = PAIRS_READ[usize::from(register & 7)];
        self.asked |= high | low;
        let known = (high | low) & !(self.collisions | self.open) == 0;
        // Not `self.missed |= !known`: rustc 1.95 makes a store of `true` of that, whatever is known.
        if !known {
            self.missed = true;
        }
        known
    }

    /// Whether the program asked for a pair in this frame that was not followed: then the frame is not what it should be.
    pub(crate) fn has_missed(&self) -> bool {
        self.missed
    }

    /// Whether there was a CXCLR in this frame.
    pub(crate) fn was_cleared(&self) -> bool {
        self.cleared
    }

    /// Whether it is known of every pair whether it met.
    pub(crate) fn knows_all(&self) -> bool {
        self.collisions | self.open == ALL_PAIRS
    }

    /// The pairs of objects that have not met yet and may do so here: of which both show something, or did before in the line.
    #[inline(always)]
    pub(super) fn wanted(&self) -> u16 {
        if self.is_blank() { 0 } else { self.may_meet(0, self.line.far) }
    }

    /// The same if these objects, by their bits, showed something, too, and these pairs could not meet.
    #[inline(always)]
    fn may_meet(&self, objects: u8, far: u16) -> u16 {
        PAIRS_AMONG[usize::from((self.shown | self.line.changed | objects) & 63)] & self.open & !far
    }

    /// Whether nothing is drawn, and none meets another that it has not met, whatever these objects show: a change of theirs
    /// is nothing to catch up for. Where one of them may meet another later in the line, something else changes before.
    #[inline(always)]
    pub(super) fn is_idle(&self, objects: u8) -> bool {
        !self.drawing && self.may_meet(objects, self.line.far) == 0
    }

    /// The same for any other playfield, which may be near what this one is far from.
    #[inline(always)]
    pub(super) fn is_idle_playfield(&self) -> bool {
        !self.drawing && self.may_meet(1 << PF, self.line.far & !PAIRS_OF[PF]) == 0
    }

    /// Finds which of the pairs that are looked for cannot meet in the lines to come. What moves often is not worth it.
    pub(super) fn find_far(&mut self) {
        let moved = self.line.moved | self.line.moved_before;
        let unknown = self.wanted() & !self.line.near & !PAIRS_TOUCHING[usize::from(moved & 63)];
        if unknown == 0 || self.odd != 0 || self.stars != 0 {
            return;
        }
        for bit in bits_of(unknown) {
            let (low, high) = OBJECTS_OF[bit];
            match self.extent(low).meets(self.extent(high)) {
                true => self.line.near |= 1 << bit,
                false => self.line.far |= 1 << bit,
            }
        }
    }

    /// These two have met.
    pub(super) fn meet(&mut self, pair: usize) {
        self.collisions |= 1 << pair;
        self.open &= !(1 << pair);
    }
}

/// The numbers of the bits that are set.
pub(super) fn bits_of(mut set: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        bit
    })
}
