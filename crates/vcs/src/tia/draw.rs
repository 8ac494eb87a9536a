//! Drawing: line by line, from masks to collisions and pixels.

use super::{
    paint::Look,
    pairs::{OBJECTS_OF, PAIRS_OF, PAIRS_TOUCHING, bits_of},
    *,
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
    pub(super) changed: u8,
    before: [Mask; 6],
    /// The pairs whose masks have no pixel in common, as far as that is known.
    pub(super) apart: u16,
    /// The pairs that cannot meet, whatever players show, until one of them moves.
    pub(super) far: u16,
    /// The pairs that can.
    pub(super) near: u16,
    /// The objects that moved in this line, and in the one before.
    pub(super) moved: u8,
    pub(super) moved_before: u8,
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
        self.settle_comb();
        (self.line, self.shown, self.repeats) = (Line::default(), 0, false);
        (self.masks, self.stale) = ([Mask::EMPTY; 6], 0x3f);
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

    pub(super) fn is_blank(&self) -> bool {
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
            if self.comb | self.odd | self.stars == 0 {
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
        } else if self.comb | self.odd | self.stars != 0 {
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
}

/// The objects where the halves of the playfield are the players', as the score is shown.
fn as_score(&[p0, p1, m0, m1, bl, pf]: &[Mask; 6]) -> [Mask; 6] {
    let [left, right] = [Mask::range(0, 80), Mask::range(80, 160)];
    [p0 | pf & left, p1 | pf & right, m0, m1, bl, Mask::EMPTY]
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
