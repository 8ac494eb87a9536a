//! The picture chip TIA: registers, positions, collisions.
//!
//! Nothing is drawn before it has to be: a write that changes the picture first [catches up](Tia::catch_up) with all that
//! was to be drawn before it.

#[cfg(feature = "translate")]
use std::mem::offset_of;

use serde::{Deserialize, Serialize};

mod draw;
mod mask;
mod motion;
mod objects;
mod paint;
mod pairs;
pub(crate) mod register;

use crate::{
    screen::{HEIGHT_PAL, Screen, WIDTH},
    television::Lines,
};
use draw::Line;
use mask::Mask;
#[cfg(feature = "translate")]
pub(crate) use motion::PLAIN_MOTION;
pub(crate) use pairs::ALL_PAIRS;
use pairs::WINDOW;

/// Colour clocks of a line and of its part before the first pixel.
pub(crate) const LINE_CLOCKS: u32 = 228;
pub(crate) const BLANK_CLOCKS: u32 = 68;
/// From this clock of a line on it is settled whether the right half of the playfield is reflected.
const RIGHT_HALF: u32 = BLANK_CLOCKS + 79;
/// Missile 0 is twice as wide, or is not drawn, in a line of [stars](Tia::stars).
const WIDE_STARS: u8 = 1 << 2;
const NO_STARS: u8 = 1 << 3;
/// What is odd of a player and its missile.
const ODD_OF: [u8; 2] = [1 << P0 | WIDE_STARS | NO_STARS, 1 << P1];
/// A clock that does not come.
const NEVER: u32 = u32::MAX;
/// The objects that a write to each register may show or hide.
const SHOWN_BY: [u8; 64] = {
    let mut shown = [0; 64];
    shown[GRP0 as usize] = 1 << P0 | 1 << P1;
    shown[GRP1 as usize] = 1 << P0 | 1 << P1 | 1 << BL;
    shown[ENAM0 as usize] = 1 << M0;
    shown[ENAM1 as usize] = 1 << M1;
    shown[ENABL as usize] = 1 << BL;
    shown[VDELP0 as usize] = 1 << P0;
    shown[VDELP1 as usize] = 1 << P1;
    shown[VDELBL as usize] = 1 << BL;
    let mut register = PF0;
    while register <= PF2 {
        shown[register as usize] = 1 << PF;
        register += 1;
    }
    shown
};

use register::*;

/// The moving objects, in the order of their position registers, and the playfield.
pub(crate) const P0: usize = 0;
pub(crate) const P1: usize = 1;
pub(crate) const M0: usize = 2;
pub(crate) const M1: usize = 3;
pub(crate) const BL: usize = 4;
pub(crate) const PF: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tia {
    /// What was written to each register last.
    #[serde(with = "crate::array")]
    written: [u8; 64],
    /// The values of GRP0, GRP1 and ENABL that the VDEL registers show.
    old_grp: [u8; 2],
    old_enabl: u8,
    /// Where the moving objects are, in pixels.
    position: [u8; 5],
    /// What this line has otherwise than the registers say: bits 0 and 1 players that were just placed, without their first
    /// copy; [`WIDE_STARS`] and [`NO_STARS`]; bit `PF` a playfield whose reflection has come too late.
    odd: u8,
    /// Where each object is in a line as the registers stand, for those whose bit in `stale` is not set.
    masks: [Mask; 6],
    stale: u8,
    /// The objects that are enabled, or have graphics, as the registers stand; kept while a frame runs.
    #[serde(skip)]
    shown: u8,
    /// The pairs of objects that met since CXCLR, of those that are followed.
    collisions: u16,
    /// The pairs that are followed and have not met: from CXCLR on, those that were asked for.
    open: u16,
    /// The pairs that the program asked for in the current [`WINDOW`] of frames, and in the one before: at first all, so that
    /// nothing that was before a start has to be kept.
    asked: u16,
    asked_before: u16,
    /// The frames of the window that have begun.
    age: u8,
    /// Whether there was a CXCLR in this frame.
    cleared: bool,
    /// Whether a pair was asked for in this frame that is not followed.
    missed: bool,
    /// Whether the first 8 pixels are black after an HMOVE: bit 0 in this line, bit 1 in the next.
    comb: u8,
    /// The colour clock of the last HMOVE in this frame.
    moved: u32,
    /// Which of the four lines of `motion::STARS` is next for missile 0, from 1 on, while HMOVE does not stop for it; 0 otherwise.
    stars: u8,
    /// Everything before this colour clock of the frame is drawn.
    drawn: u32,
    /// The line of `drawn`, and where it begins.
    line_number: u32,
    line_start: u32,
    #[serde(skip)]
    line: Line,
    /// The line before was drawn as the registers stand.
    repeats: bool,
    /// Whether this frame is drawn; otherwise only its collisions are found.
    drawing: bool,
    lines: Lines,
    /// Whether HMOVE makes black pixels.
    has_comb: bool,
    /// What is added to all colours: 1 where a television for PAL shows them without colour.
    faded: u8,
}

impl Tia {
    /// Where translated code finds what was written.
    #[cfg(feature = "translate")]
    pub(crate) const WRITTEN: usize = offset_of!(Self, written);
    #[cfg(feature = "translate")]
    pub(crate) const OLD_GRP: usize = offset_of!(Self, old_grp);
    #[cfg(feature = "translate")]
    pub(crate) const OLD_ENABL: usize = offset_of!(Self, old_enabl);
    #[cfg(feature = "translate")]
    pub(crate) const ODD: usize = offset_of!(Self, odd);
    #[cfg(feature = "translate")]
    pub(crate) const STARS: usize = offset_of!(Self, stars);
    #[cfg(feature = "translate")]
    pub(crate) const MOVED: usize = offset_of!(Self, moved);
    #[cfg(feature = "translate")]
    pub(crate) const LINES: usize = offset_of!(Self, lines);
    #[cfg(feature = "translate")]
    pub(crate) const DRAWING: usize = offset_of!(Self, drawing);

    pub(crate) fn new(lines: Lines, has_comb: bool) -> Self {
        Self {
            lines,
            has_comb,
            faded: 0,
            written: [0; 64],
            old_grp: [0; 2],
            old_enabl: 0,
            position: [0; 5],
            odd: 0,
            masks: [Mask::EMPTY; 6],
            stale: 0x3f,
            shown: 0,
            collisions: 0,
            open: ALL_PAIRS,
            asked: 0,
            asked_before: ALL_PAIRS,
            age: 0,
            cleared: false,
            missed: false,
            comb: 0,
            moved: NEVER,
            stars: 0,
            drawn: 0,
            line_number: 0,
            line_start: 0,
            line: Line::default(),
            repeats: false,
            drawing: true,
        }
    }

    /// Whether this can be a state.
    pub(crate) fn is_valid(&self, lines: Lines, has_comb: bool) -> bool {
        let pairs = self.collisions | self.open | self.asked | self.asked_before;
        self.lines == lines
            && self.has_comb == has_comb
            && pairs & !ALL_PAIRS == 0
            && self.age < WINDOW
            && self.position.iter().all(|position| usize::from(*position) < WIDTH)
    }

    /// Lets a frame begin at this clock, after one of so many lines. PAL loses its colours after an odd number.
    pub(crate) fn begin_frame(&mut self, clock: u32, drawing: bool, lines: u32) {
        self.faded = if self.lines.count as usize == HEIGHT_PAL { lines as u8 & 1 } else { 0 };
        (self.drawn, self.line_number, self.line_start) = (clock, 0, 0);
        self.moved = NEVER;
        self.age = (self.age + 1) % WINDOW;
        if self.age == 0 {
            (self.asked_before, self.asked) = (self.asked, 0);
        }
        self.go_on(drawing);
    }

    /// Lets a frame begin within the one before.
    pub(crate) fn go_on(&mut self, drawing: bool) {
        self.begin_line();
        self.note(63);
        self.drawing = drawing;
        (self.repeats, self.cleared, self.missed) = (false, false, false);
    }

    /// Whether writing this value, of which only the register's own bits are left, has any effect.
    #[inline(always)]
    pub(crate) fn changes(&self, register: u8, value: u8) -> bool {
        self.written[usize::from(register & 63)] != value || Self::acts_always(register)
    }

    /// Whether a write to this register may do something even if its value is the one written last.
    #[inline(always)]
    pub(crate) fn acts_always(register: u8) -> bool {
        const ALWAYS: u64 = 1 << VSYNC | 3 << NUSIZ0 | 1 << CTRLPF | 0x1f << RESP0 | 3 << GRP0 | 7 << HMOVE;
        ALWAYS >> (register & 63) & 1 != 0
    }

    /// The bits that a register has: others change nothing. Registers of sounds, and those that are none, have no bits.
    pub(crate) const BITS: [u8; 64] = {
        let mut bits = [0; 64];
        let known: [(u8, u8, u8); 13] = [
            (VSYNC, VSYNC, 0x02),
            (VBLANK, VBLANK, 0xc2),
            (NUSIZ0, NUSIZ1, 0x37),
            (COLUP0, COLUBK, 0xfe),
            (CTRLPF, CTRLPF, 0x37),
            (REFP0, REFP1, 0x08),
            (PF0, PF0, 0xf0),
            (PF0 + 1, PF2, 0xff),
            (GRP0, GRP1, 0xff),
            (ENAM0, ENABL, 0x02),
            (HMP0, HMBL, 0xf0),
            (VDELP0, VDELBL, 0x01),
            (RESMP0, RESMP1, 0x02),
        ];
        let mut i = 0;
        while i < known.len() {
            let (first, last, mask) = known[i];
            let mut register = first;
            while register <= last {
                bits[register as usize] = mask;
                register += 1;
            }
            i += 1;
        }
        bits
    };

    /// Takes a write that ends at this colour clock of the frame.
    #[inline(always)]
    pub(crate) fn write(&mut self, register: u8, value: u8, clock: u32, screen: &mut Screen) {
        let slot = usize::from(register);
        match register {
            HMP0..=HMBL | VSYNC => {
                if register == HMM0 && self.is_endless_motion(value, clock) {
                    self.catch_up(clock, screen);
                    self.stars = 1;
                }
                self.written[usize::from(register)] = value;
                return;
            }
            HMCLR => {
                self.written[usize::from(HMP0)..=usize::from(HMBL)].fill(0);
                return;
            }
            CXCLR => {
                self.catch_up(clock, screen);
                self.draw_to_beam(screen);
                (self.collisions, self.cleared) = (0, true);
                self.open = self.asked();
                self.repeats = false;
                return;
            }
            RESP0..=RESBL => return self.place(usize::from(register - RESP0), clock, screen),
            // Colours do not matter where nothing is drawn.
            COLUP0..=COLUBK if !self.drawing => {
                self.written[usize::from(register)] = value;
                return;
            }
            GRP0 | GRP1 if self.same_graphics(register, value) => return,
            NUSIZ0 | NUSIZ1 | CTRLPF if self.odd == 0 && self.register(register) == value => return,
            GRP0..=ENABL if self.is_idle(self.may_show(register, value)) => {
                self.stale |= SHOWN_BY[slot];
                self.take(register, value);
                return;
            }
            PF0..=PF2 if self.is_idle_playfield() => {
                self.stale |= 1 << PF;
                self.line.forget(1 << PF);
                self.take(register, value);
                return;
            }
            _ => {}
        }
        self.catch_up(clock + delay(register, clock), screen);
        self.repeats = false;
        let n = usize::from(register & 1);
        match register {
            VBLANK | COLUP0..=COLUBK => self.draw_to_beam(screen),
            NUSIZ0 | NUSIZ1 => {
                self.change(P0 + n, screen);
                self.change(M0 + n, screen);
                self.line.forget(1 << (P0 + n) | 1 << (M0 + n));
                self.odd &= !ODD_OF[n];
            }
            CTRLPF => {
                if (self.register(CTRLPF) ^ value) & 6 != 0 {
                    self.draw_to_beam(screen);
                }
                self.change(PF, screen);
                self.change(BL, screen);
                self.line.forget(1 << PF | 1 << BL);
                // Once the right half has begun, its reflection stays until the line ends.
                match clock % LINE_CLOCKS {
                    RIGHT_HALF.. => self.odd ^= ((self.register(CTRLPF) ^ value) & 1) << PF,
                    _ => self.odd &= !(1 << PF),
                }
            }
            REFP0 | VDELP0 => self.change(P0, screen),
            REFP1 | VDELP1 => self.change(P1, screen),
            PF0..=PF2 => {
                self.change(PF, screen);
                self.line.forget(1 << PF);
            }
            GRP0 => {
                self.change(P0, screen);
                if self.old_grp[1] != self.register(GRP1) {
                    self.change(P1, screen);
                }
            }
            GRP1 => {
                self.change(P1, screen);
                if self.old_grp[0] != self.register(GRP0) {
                    self.change(P0, screen);
                }
                if self.old_enabl != self.register(ENABL) {
                    self.change(BL, screen);
                }
            }
            ENAM0 => self.change(M0, screen),
            ENAM1 => self.change(M1, screen),
            ENABL | VDELBL => self.change(BL, screen),
            RESMP0 | RESMP1 => {
                self.change(M0 + n, screen);
                self.line.forget(1 << (M0 + n));
                if self.written[slot] & 2 != 0 && value & 2 == 0 {
                    self.release_missile(n);
                }
            }
            HMOVE => return self.start_motion(clock, screen),
            _ => {}
        }
        self.take(register, value);
    }

    /// Takes what a register holds from now on, and what it makes others show.
    #[inline(always)]
    fn take(&mut self, register: u8, value: u8) {
        match register {
            GRP0 => self.old_grp[1] = self.register(GRP1),
            GRP1 => (self.old_grp[0], self.old_enabl) = (self.register(GRP0), self.register(ENABL)),
            _ => {}
        }
        self.written[usize::from(register)] = value;
        self.note(SHOWN_BY[usize::from(register & 63)]);
    }

    /// The objects that may be shown after this write to one of GRP0 to ENABL, by their bits.
    #[inline(always)]
    fn may_show(&self, register: u8, value: u8) -> u8 {
        let other = u8::from(self.register(GRP0 + GRP1 - register) != 0);
        let own = u8::from(value != 0);
        match register {
            GRP0 => own << P0 | other << P1,
            GRP1 => own << P1 | other << P0 | u8::from(self.register(ENABL) != 0) << BL,
            ENAM0 => own << M0,
            ENAM1 => own << M1,
            _ => own << BL,
        }
    }

    /// Finds anew which of these objects, by their bits, are shown.
    #[inline(always)]
    fn note(&mut self, objects: u8) {
        for object in [P0, P1, M0, M1, BL, PF] {
            if objects >> object & 1 != 0 {
                self.shown = self.shown & !(1 << object) | u8::from(self.shows(object)) << object;
            }
        }
    }

    /// Whether writing this value to GRP0 or GRP1 changes neither the register nor what it makes others remember.
    fn same_graphics(&self, register: u8, value: u8) -> bool {
        let remembered = if register == GRP0 {
            self.old_grp[1] == self.register(GRP1)
        } else {
            self.old_grp[0] == self.register(GRP0) && self.old_enabl == self.register(ENABL)
        };
        remembered && self.register(register) == value
    }

    #[inline(always)]
    fn register(&self, register: u8) -> u8 {
        self.written[usize::from(register & 63)]
    }
}

/// The colour clocks from a write to its effect on the picture.
fn delay(register: u8, clock: u32) -> u32 {
    match register {
        // The playfield's bits are taken at the begin of a bit's four pixels.
        PF0..=PF2 => (clock + 2).next_multiple_of(4) - clock,
        REFP0 | REFP1 | GRP0 | GRP1 | VBLANK => 1,
        NUSIZ0 | NUSIZ1 => 8,
        _ => 0,
    }
}
