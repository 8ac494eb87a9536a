//! Drawing: from registers to masks, from masks to collisions and pixels.

use super::{
    mask::{all_stretched, stretched},
    paint::Look,
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
const PAIRS_OF: [u16; 6] = {
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
static PAIRS_TOUCHING: [u16; 64] = {
    let (mut touching, mut set) = ([0; 64], 0);
    while set < 64 {
        touching[set] = pairs_among(63) & !pairs_among(63 ^ set);
        set += 1;
    }
    touching
};

/// The objects of each pair's bit.
static OBJECTS_OF: [(usize, usize); 15] = {
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

/// Each byte with its bits in the other order.
static REVERSED: [u8; 256] = {
    let (mut reversed, mut bits) = ([0; 256], 0);
    while bits < 256 {
        reversed[bits] = (bits as u8).reverse_bits();
        bits += 1;
    }
    reversed
};

/// How far the picture of the line of [`Tia::drawn`] is put together. Between frames nothing of it waits.
///
/// Objects change while the beam runs. Each keeps the pixels that it had before its last change, so that the line is
/// painted and looked through for collisions once, at its end, not at every change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The pixels before this one are painted, and their collisions found.
    done: u32,
    /// Each object is as the registers stand from this pixel on.
    since: [u8; 6],
    /// The objects that have pixels in `before`, and those pixels: between `done` and `since`.
    changed: u8,
    before: [Mask; 6],
    /// The pairs whose masks have no pixel in common, as far as that is known.
    apart: u16,
    /// The pairs that cannot meet, whatever players show, until one of them moves.
    far: u16,
    /// The pairs that can.
    near: u16,
    /// The objects that moved in this line, and in the one before.
    moved: u8,
    moved_before: u8,
}

impl Line {
    /// These objects, by their bits, move or change their width; or the playfield is another one.
    #[inline(always)]
    pub(super) fn forget(&mut self, objects: u8) {
        let pairs = PAIRS_TOUCHING[usize::from(objects & 63)];
        self.far &= !pairs;
        self.near &= !pairs;
        self.moved |= objects;
    }
}

impl Tia {
    /// Passes all lines that end before this colour clock of the frame; what is written from here on changes the picture
    /// from there on.
    #[inline(always)]
    pub(crate) fn catch_up(&mut self, clock: u32, screen: &mut Screen) {
        if self.drawn < clock {
            if self.line_start + LINE_CLOCKS <= clock {
                self.pass_lines(clock, screen);
            }
            self.drawn = clock;
        }
    }

    #[inline(never)]
    fn pass_lines(&mut self, clock: u32, screen: &mut Screen) {
        // Nothing to draw, and nobody to meet.
        if !self.drawing && self.wanted() == 0 {
            return self.end_lines(clock);
        }
        while self.line_start + LINE_CLOCKS <= clock {
            if self.drawn == self.line_start && self.skip_lines(clock, screen) {
                continue;
            }
            let is_plain = self.line.done == 0 && self.line.since == [0; 6] && self.comb | self.odd == 0;
            self.repeats = is_plain && self.is_shown(self.line_number);
            self.draw(WIDTH as u32, screen);
            self.end_line();
        }
    }

    /// Goes on where a frame begins or begins again.
    pub(super) fn begin_line(&mut self) {
        self.line = Line { done: self.pixel(), ..Line::default() };
    }

    /// Draws all that is left before the beam.
    #[inline(always)]
    pub(crate) fn draw_to_beam(&mut self, screen: &mut Screen) {
        self.draw(self.pixel(), screen);
    }

    /// Draws all that is left before the beam, where the frame ends.
    pub(crate) fn end_drawing(&mut self, screen: &mut Screen) {
        self.draw_to_beam(screen);
        (self.line, self.shown) = (Line::default(), 0);
    }

    /// The pixel of the beam.
    #[inline(always)]
    fn pixel(&self) -> u32 {
        (self.drawn - self.line_start).saturating_sub(BLANK_CLOCKS)
    }

    /// What an object shows changes from the beam on.
    #[inline(always)]
    pub(super) fn change(&mut self, object: usize, screen: &mut Screen) {
        if self.drawn > self.line_start + BLANK_CLOCKS {
            if self.drawing || self.wanted() & PAIRS_OF[object] != 0 {
                self.keep(object, screen);
            } else if self.open & PAIRS_OF[object] != 0 {
                // What meets nothing new, and is not drawn, is not asked for any more in this line.
                self.line.since[object] = self.pixel() as u8;
            }
        }
        self.stale |= 1 << object;
    }

    /// Whether no pixel of a moving object can be in this part of the line, whatever it shows.
    #[inline(always)]
    fn is_outside(&self, object: usize, from: u32, to: u32) -> bool {
        if object == PF {
            return false;
        }
        let first = u32::from(self.position[object]);
        let widest = if object == BL { 8 } else { SPAN[usize::from(self.register(NUSIZ0 + (object & 1) as u8) & 7)] };
        let end = first + widest;
        end <= from || first >= to && end <= WIDTH as u32
    }

    /// Keeps what an object shows before the beam.
    #[inline(never)]
    fn keep(&mut self, object: usize, screen: &mut Screen) {
        // What lies before what depends here on whether there are objects at all.
        if self.register(CTRLPF) & 6 == 6 {
            self.draw_to_beam(screen);
        }
        let from = self.line.done.max(self.line.since[object].into());
        let to = self.pixel();
        self.line.since[object] = to as u8;
        if from >= to || self.is_blank() || !self.is_shown(self.line_number) || self.is_outside(object, from, to) {
            return;
        }
        let mask = self.mask(object);
        if mask.is_empty() {
            return;
        }
        let part = mask & Mask::range(from, to);
        let before = &mut self.line.before[object];
        *before = if self.line.changed >> object & 1 == 0 { part } else { *before | part };
        self.line.changed |= 1 << object;
    }

    /// Where an object is in the line up to the beam: what was kept of it, and what it shows since.
    #[inline(always)]
    fn line_mask(&mut self, object: usize) -> Mask {
        let mut mask = self.mask(object);
        let since = self.line.since[object].into();
        if since > self.line.done {
            mask = mask & Mask::range(since, WIDTH as u32);
        }
        if self.line.changed >> object & 1 != 0 {
            mask |= self.line.before[object];
        }
        mask
    }

    /// The pairs of objects that have not met yet and may do so here: of which both show something, or did before in the line.
    #[inline(always)]
    fn wanted(&self) -> u16 {
        if self.is_blank() { 0 } else { self.may_meet(0) }
    }

    /// The same if these objects, by their bits, showed something, too.
    #[inline(always)]
    fn may_meet(&self, objects: u8) -> u16 {
        PAIRS_AMONG[usize::from((self.shown | self.line.changed | objects) & 63)] & self.open & !self.line.far
    }

    /// Whether nothing is drawn, and none meets another that it has not met, whatever these objects show: a change of theirs
    /// is nothing to catch up for. Where one of them may meet another later in the line, something else changes before.
    #[inline(always)]
    pub(super) fn is_idle(&self, objects: u8) -> bool {
        !self.drawing && self.may_meet(objects) == 0
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

    fn is_blank(&self) -> bool {
        self.register(VBLANK) & 2 != 0
    }

    /// Passes whole lines that are not shown, or are as the one before. Returns whether there were any.
    fn skip_lines(&mut self, clock: u32, screen: &mut Screen) -> bool {
        let whole = (clock - self.line_start) / LINE_CLOCKS;
        let above = self.lines.first.saturating_sub(self.line_number);
        let shown = (self.lines.first + self.lines.count).saturating_sub(self.line_number);
        let lines = match (above, shown) {
            (0, 0) => whole,
            (0, shown) if self.repeats => whole.min(shown),
            (0, _) => 0,
            (above, _) => whole.min(above),
        };
        if lines == 0 {
            return false;
        }
        if above == 0 && shown > 0 && self.drawing {
            let (rows, _) = screen.as_chunks_mut::<WIDTH>();
            repeat_row(rows, (self.line_number - self.lines.first) as usize - 1, lines as usize);
        }
        self.go_to_line(lines);
        true
    }

    /// Goes to the begin of the line that comes after so many.
    fn go_to_line(&mut self, lines: u32) {
        self.line_number += lines;
        self.line_start += lines * LINE_CLOCKS;
        self.drawn = self.line_start;
        (self.line.done, self.line.since, self.line.changed) = (0, [0; 6], 0);
        (self.line.moved_before, self.line.moved) = (self.line.moved, 0);
    }

    pub(super) fn is_shown(&self, line: u32) -> bool {
        line.wrapping_sub(self.lines.first) < self.lines.count
    }

    /// Ends all lines that end before this clock.
    fn end_lines(&mut self, clock: u32) {
        while self.line_start + LINE_CLOCKS <= clock {
            if self.comb | self.odd == 0 && self.stars.is_none() {
                return self.go_to_line((clock - self.line_start) / LINE_CLOCKS);
            }
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let shown = self.is_shown(self.line_number);
        self.go_to_line(1);
        if !shown {
            // What is odd, or black, waits for the next line that is shown.
            self.comb = (self.comb | self.comb >> 1) & 1;
        } else if self.comb | self.odd != 0 || self.stars.is_some() {
            self.stale |= self.odd;
            (self.comb, self.odd, self.repeats) = (self.comb >> 1, 0, false);
            self.move_stars();
        }
    }

    /// Draws what is left of the pixels before `to` of the current line.
    fn draw(&mut self, to: u32, screen: &mut Screen) {
        if self.line.done < to && self.is_shown(self.line_number) {
            let segment = Mask::range(self.line.done, to);
            if self.line.changed == 0 && self.line.since.iter().all(|since| u32::from(*since) <= self.line.done) {
                self.draw_as_it_stands(segment, screen);
            } else {
                self.draw_part(segment, screen);
            }
            if to == WIDTH as u32 && !self.drawing {
                self.find_far();
            }
        }
        (self.line.done, self.line.changed) = (to, 0);
    }

    /// Draws pixels of the current line in which no object has changed. Which pairs are nowhere in a line together is kept.
    fn draw_as_it_stands(&mut self, segment: Mask, screen: &mut Screen) {
        let known = self.line.apart & !PAIRS_TOUCHING[usize::from(self.stale & 63)];
        for bit in bits_of(self.wanted() & !known) {
            let (low, high) = OBJECTS_OF[bit];
            let both = self.mask(low) & self.mask(high);
            if both.meets(segment) {
                self.meet(bit);
            } else if both.is_empty() {
                self.line.apart |= 1 << bit;
            }
        }
        if self.drawing {
            self.refresh();
            self.paint(&self.masks, segment, screen);
        }
    }

    /// Puts together where all objects are as the registers stand.
    fn refresh(&mut self) {
        for object in bits_of(u16::from(self.stale & 63)) {
            self.mask(object);
        }
    }

    /// Finds which of the pairs that are looked for cannot meet in the lines to come. What moves often is not worth it.
    fn find_far(&mut self) {
        let moved = self.line.moved | self.line.moved_before;
        let unknown = self.wanted() & !self.line.near & !PAIRS_TOUCHING[usize::from(moved & 63)];
        if unknown == 0 || self.odd != 0 || self.stars.is_some() {
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

    fn meet(&mut self, pair: usize) {
        self.collisions |= 1 << pair;
        self.open &= !(1 << pair);
    }

    /// Draws these pixels of the current line.
    fn draw_part(&mut self, segment: Mask, screen: &mut Screen) {
        let wanted = self.wanted();
        let mut masks = [Mask::EMPTY; 6];
        for (object, mask) in masks.iter_mut().enumerate() {
            if self.drawing || wanted & PAIRS_OF[object] != 0 {
                *mask = self.line_mask(object);
            }
        }
        for bit in bits_of(wanted) {
            let (low, high) = OBJECTS_OF[bit];
            if masks[low].meets(masks[high] & segment) {
                self.meet(bit);
            }
        }
        if self.drawing {
            self.paint(&masks, segment, screen);
        }
    }

    /// Paints these pixels of the current line.
    fn paint(&self, masks: &[Mask; 6], segment: Mask, screen: &mut Screen) {
        let (rows, _) = screen.as_chunks_mut::<WIDTH>();
        let Some(row) = rows.get_mut((self.line_number - self.lines.first) as usize) else { return };
        let black = match self.comb & 1 {
            _ if self.is_blank() => segment,
            0 => Mask::EMPTY,
            _ => Mask::range(0, 8),
        };
        let colour = |register| self.register(register) | self.faded;
        // A player is there even where none of it is drawn in this line.
        let is_alone = || self.graphics(P0) | self.graphics(P1) == 0 && (masks[M0] | masks[M1] | masks[BL]).is_empty();
        let mode = self.register(CTRLPF) & 6;
        let is_score = mode == 2 || mode == 6 && is_alone();
        let look = Look {
            background: colour(COLUBK),
            players: [colour(COLUP0), colour(COLUP1)],
            playfield: colour(COLUPF),
            in_front: mode & 4 != 0 && !is_score,
            black,
        };
        let score = is_score.then(|| as_score(masks));
        paint::paint(row, segment, score.as_ref().unwrap_or(masks), &look);
    }

    /// Where an object is in a line as the registers stand.
    ///
    /// All of this is inlined: what was just put together is used from registers. Reading it back from memory, in larger pieces
    /// than it was written in, would take longer than putting it together.
    #[inline(always)]
    fn mask(&mut self, object: usize) -> Mask {
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
    fn extent(&self, object: usize) -> Mask {
        match object {
            P0 | P1 => self.player(object, 0xff),
            M0 | M1 => self.missile_at(object - M0, self.register(NUSIZ0 + (object - M0) as u8) >> 4 & 3),
            BL => self.ball(),
            _ => self.playfield(),
        }
    }

    /// The graphics that a player shows.
    fn graphics(&self, n: usize) -> u8 {
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

/// The objects where the halves of the playfield are the players', as the score is shown.
fn as_score(&[p0, p1, m0, m1, bl, pf]: &[Mask; 6]) -> [Mask; 6] {
    let [left, right] = [Mask::range(0, 80), Mask::range(80, 160)];
    [p0 | pf & left, p1 | pf & right, m0, m1, bl, Mask::EMPTY]
}

/// The numbers of the bits that are set.
fn bits_of(mut set: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        bit
    })
}

/// Copies a row over so many after it: long copies are the fastest, so what is copied already is copied on.
fn repeat_row(rows: &mut [[u8; WIDTH]], row: usize, times: usize) {
    let (mut have, want) = (1, 1 + times);
    while have < want {
        let more = have.min(want - have);
        rows.copy_within(row..row + more, row + have);
        have += more;
    }
}

/// Each of 8 bits, four times.
static WIDE: [u64; 256] = all_stretched(4);
