//! Where moving objects are, and how they move.

use super::*;

/// Up to this clock of a line HMOVE still lets its picture begin 8 pixels later: the end of the 20th cycle.
const LAST_COMB: u32 = 60;

impl Tia {
    /// RESP0 to RESBL: the object is where the beam is, some pixels later.
    pub(super) fn place(&mut self, object: usize, clock: u32) {
        let h = clock % LINE_CLOCKS;
        let is_player = object <= P1;
        let position = match h.checked_sub(BLANK_CLOCKS) {
            None | Some(0) => 2 + u32::from(is_player),
            Some(x) => (x + 4 + u32::from(is_player)) % 160,
        };
        self.position[object] = position as u8;
        if object != BL {
            self.hidden |= 1 << object;
        }
        self.stale |= 1 << object;
        if is_player && self.register(RESMP0 + object as u8) & 2 != 0 {
            self.stale |= 1 << (M0 + object);
        }
    }

    /// A missile that was held is let go at its player's middle.
    pub(super) fn release_missile(&mut self, n: usize) {
        let middle = match self.register(NUSIZ0 + n as u8) & 7 {
            5 => 8,
            7 => 16,
            _ => 4,
        };
        self.position[M0 + n] = ((u32::from(self.position[n]) + middle) % 160) as u8;
    }

    /// HMOVE: all objects move by their motion registers, to the left where those are positive.
    pub(super) fn start_motion(&mut self, clock: u32) {
        let h = clock % LINE_CLOCKS;
        if h <= LAST_COMB {
            self.comb = true;
        }
        for object in 0..5 {
            let motion = self.register(HMP0 + object as u8);
            let left = shift(motion, h);
            let position = i32::from(self.position[object]) - left;
            self.position[object] = position.rem_euclid(160) as u8;
        }
        self.stale |= 0x1f;
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
