//! Where moving objects are, and how they move.

use super::{objects::COPIES, *};

/// Before this clock of a line HMOVE moves objects by their motion registers alone.
pub(crate) const PLAIN_MOTION: u32 = 39;
/// Up to this clock of a line HMOVE still lets its picture begin 8 pixels later: the end of the 20th cycle.
const LAST_COMB: u32 = 60;

/// Where objects are placed while an HMOVE still moves them: object, clock of the line, clocks since HMOVE, position.
/// Measured of ALE 0.12.1, which has them for single games.
const PLACED_MOVING: [(usize, u32, u32, u32); 6] =
    [(BL, 18, 9, 3), (M1, 18, 9, 3), (BL, 27, 18, 5), (BL, 30, 21, 6), (BL, 69, 54, 10), (M0, 69, 60, 8)];

/// Where an object comes to that is placed at this clock of a line, so many clocks after HMOVE, if it is still moved then.
fn placed_moving(object: usize, h: u32, since: u32) -> Option<u32> {
    // Most are placed when nothing moves any more: no entry is later.
    if since > 60 {
        return None;
    }
    let known = PLACED_MOVING.iter().find(|(a, b, c, _)| (*a, *b, *c) == (object, h, since));
    known.map(|(_, _, _, position)| *position)
}

/// What missile 0 does line by line where its motion register was changed just when an HMOVE would have ended for it: it
/// moves to the left by so many pixels, and is odd in this way. The first is the line after the change. Measured of ALE
/// 0.12.1; games draw stars so.
const STARS: [(u32, u8); 4] = [(33, WIDE_STARS), (0, NO_STARS), (17, 0), (18, 0)];

impl Tia {
    /// RESP0 to RESBL: the object is where the beam is, some pixels later.
    pub(super) fn place(&mut self, object: usize, clock: u32, screen: &mut Screen) {
        let is_player = object <= P1;
        let h = clock % LINE_CLOCKS;
        let since = clock.wrapping_sub(self.moved);
        let position = match (h.saturating_sub(BLANK_CLOCKS), placed_moving(object, h, since)) {
            (_, Some(position)) => position,
            (0, None) => 2 + u32::from(is_player),
            (x, None) => (x + 4 + u32::from(is_player)) % 160,
        };
        let (delay, is_hidden) = match object {
            P0 | P1 => match self.placed_player(object, position) {
                // At the very end of a line that is shown nothing of the next one is hidden.
                (0, _) if h == 0 && self.is_shown((clock / LINE_CLOCKS).wrapping_sub(1)) => (0, false),
                placed => placed,
            },
            M0 | M1 => (8, false),
            _ => (0, false),
        };
        self.catch_up(clock + delay, screen);
        self.repeats = false;
        self.change(object, screen);
        self.line.forget(1 << object);
        self.position[object] = position as u8;
        if object == M0 {
            self.odd &= !(WIDE_STARS | NO_STARS);
        }
        if is_player {
            self.odd = self.odd & !(1 << object) | u8::from(is_hidden) << object;
        }
    }

    /// How many clocks later a player that is placed leaves its old place, and whether its first copy at the new one is
    /// hidden until the line ends. Where the beam is on a copy, or one pixel before it, the copy is finished; up to four
    /// pixels farther before it, the player is moved in time to be drawn whole. Measured of ALE 0.12.1.
    fn placed_player(&self, n: usize, position: u32) -> (u32, bool) {
        let copies = self.register(NUSIZ0 + n as u8) & 7;
        let width = match copies {
            5 => 16,
            7 => 32,
            _ => 8,
        };
        let beam = position + 160 - 5;
        for offset in COPIES[usize::from(copies)] {
            // Five pixels before the copy this is 0.
            match (beam + 160 + 5 - u32::from(self.position[n]) - offset) % 160 {
                0..4 => return (0, false),
                after if after < width + 4 => return (11, true),
                _ => {}
            }
        }
        (0, true)
    }

    /// A missile that was held is let go at its player's middle.
    pub(super) fn release_missile(&mut self, n: usize) {
        let middle = match self.register(NUSIZ0 + n as u8) & 7 {
            5 => 8,
            7 => 16,
            _ => 4,
        };
        self.odd &= !ODD_OF[n] | 1 << n;
        self.position[M0 + n] = ((u32::from(self.position[n]) + middle) % 160) as u8;
    }

    /// Whether missile 0 goes on moving after this write to its motion register.
    pub(super) fn is_endless_motion(&self, motion: u8, clock: u32) -> bool {
        const STILL_MOVING: u32 = 63;
        (self.register(HMM0), motion) == (0x70, 0x60) && clock.wrapping_sub(self.moved) == STILL_MOVING
    }

    /// Moves missile 0 at a line's begin if it did not stop.
    pub(super) fn move_stars(&mut self) {
        if self.stars != 0 {
            let (left, odd) = STARS[usize::from(self.stars - 1) % 4];
            self.odd |= odd;
            self.position[M0] = ((u32::from(self.position[M0]) + 160 - left) % 160) as u8;
            self.stars = self.stars % 4 + 1;
            self.stale |= 1 << M0;
            self.line.forget(1 << M0);
        }
    }

    /// Notes the black pixels of the last HMOVE, if they are in this line: translated code does not where it moves nothing.
    pub(super) fn settle_comb(&mut self) {
        if self.has_comb && self.moved.wrapping_sub(self.line_start) <= LAST_COMB {
            self.comb |= 1;
        }
    }

    /// HMOVE: all objects move by their motion registers, to the left where those are positive.
    pub(super) fn start_motion(&mut self, clock: u32, screen: &mut Screen) {
        // In a line's last cycle it is the next line's already.
        let (h, line) = match clock % LINE_CLOCKS {
            h if h >= LINE_CLOCKS - 3 => (0, 1),
            h => (h, 0),
        };
        self.settle_comb();
        if h <= LAST_COMB && self.has_comb {
            self.comb |= 1 << line;
        }
        if self.odd & !(1 << PF) != 0 {
            (P0..=M0).for_each(|object| self.change(object, screen));
            self.odd &= 1 << PF;
        }
        let mut moved = 0;
        for object in 0..5 {
            let motion = self.register(HMP0 + object as u8);
            // Mostly a motion register is 0.
            if motion == 0 && h < PLAIN_MOTION {
                continue;
            }
            let left = shift(motion, h);
            if left != 0 {
                // Nothing moves by as much as a line.
                self.change(object, screen);
                moved |= 1 << object;
                let position = i32::from(self.position[object]) - left;
                let outside = if position < 0 { 160 } else { 0 } - if position >= 160 { 160 } else { 0 };
                self.position[object] = (position + outside) as u8;
            }
        }
        self.line.forget(moved);
        self.moved = clock;
        self.stars = 0;
    }
}

/// The pixels that an object moves to the left where HMOVE is written at this clock of a line.
///
/// A pulse comes every four clocks, and moves an object only where the picture is not drawn (A. Towers, *TIA Hardware Notes*).
/// Behind the begin of a line, where the picture begins 8 pixels later, fewer and fewer of them are left; towards the end of
/// a line more and more of them come in the next one. The numbers were measured of ALE 0.12.1.
fn shift(motion: u8, h: u32) -> i32 {
    let (signed, late) = (i32::from(motion as i8 >> 4), (h as i32 - 7).div_euclid(4));
    if h <= LAST_COMB { signed.min(7 - late) } else { (signed + late - 45).max(0) }
}
