//! The 6532's timer. Its ports are the console's [inputs](crate::Inputs), its memory the [machine](crate::machine)'s.

use serde::{Deserialize, Serialize};

/// What a loop waits for that does nothing but look at the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// INTIM is 0.
    Zero,
    /// Bit 7 of INTIM is clear.
    Clear,
    /// Bit 7 of INTIM is set, which it is when the timer has run out, if not before.
    Set,
    /// Bit 7 of INSTAT is set: the timer has run out.
    Expired,
}

impl Awaited {
    #[cfg(any(test, feature = "translate"))]
    pub(crate) const ALL: [Self; 4] = [Self::Zero, Self::Clear, Self::Set, Self::Expired];
}

/// The interval timer. Times are cycles since the frame's begin and wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    value: u8,
    /// The interval is 2 to the power of this.
    shift: u8,
    /// When it was set.
    since: u32,
    /// What is taken off its count since it was first read below 0.
    below: Option<u8>,
}

impl Timer {
    /// The timer as it is after power-on: it counts from `value` on in intervals of 64 cycles.
    pub(crate) fn new(value: u8) -> Self {
        Self { value, shift: 6, since: 0, below: None }
    }

    /// Whether this can be a state.
    pub(crate) fn is_valid(&self) -> bool {
        matches!(self.shift, 0 | 3 | 6 | 10)
    }

    /// Register 0 to 3 of the timer: intervals of 1, 8, 64 and 1024 cycles.
    pub(crate) fn set(&mut self, register: u8, value: u8, t: u32) {
        *self = Self { value, shift: [0, 3, 6, 10][usize::from(register & 3)], since: t, below: None };
    }

    /// What INTIM shows: it counts once right after it was set, then once an interval. When it is first read below 0, the
    /// cycles since 0 are taken off, there and from then on.
    #[inline(always)]
    pub(crate) fn read(&mut self, t: u32) -> u8 {
        // Code that runs from this chip's own addresses is fetched in the cycle of the write before it.
        if t == self.since {
            return self.value;
        }
        let elapsed = t.wrapping_sub(self.since).wrapping_sub(1);
        let ticks = 1 + (elapsed >> self.shift);
        let count = self.value.wrapping_sub(ticks as u8);
        if let Some(below) = self.below {
            return count.wrapping_sub(below);
        }
        if ticks <= u32::from(self.value) {
            return count;
        }
        let over = elapsed.wrapping_sub(u32::from(self.value) << self.shift);
        if over > 0 {
            self.below = Some(over as u8);
        }
        count.wrapping_sub(over as u8)
    }

    /// Where a loop does nothing but look at the timer every `period` cycles, the next time at `t`: how many cycles of whole
    /// rounds can be passed at once. None of their looks changes anything.
    pub(crate) fn wait(&self, awaited: Awaited, t: u32, period: u32) -> u32 {
        let elapsed = t.wrapping_sub(self.since).wrapping_sub(1);
        let value = u32::from(self.value);
        let shown = value.wrapping_sub(1).wrapping_sub(elapsed >> self.shift);
        let most_ticks = match awaited {
            Awaited::Zero => value.saturating_sub(1),
            Awaited::Clear => value.saturating_sub(0x80),
            Awaited::Set if shown & 0x80 != 0 => 0,
            Awaited::Set | Awaited::Expired => value,
        };
        (most_ticks << self.shift).saturating_sub(elapsed).div_ceil(period) * period
    }

    /// What INSTAT shows: bit 7 after the timer went below 0, until INTIM is read there.
    pub(crate) fn status(&self, t: u32) -> u8 {
        let elapsed = t.wrapping_sub(self.since).wrapping_sub(1);
        if self.below.is_none() && t != self.since && elapsed >> self.shift >= u32::from(self.value) { 0x80 } else { 0 }
    }

    /// Counts the time from `cycles` later on.
    pub(crate) fn rebase(&mut self, cycles: u32) {
        self.since = self.since.wrapping_sub(cycles);
        // Long after its end only the time modulo 256 matters.
        if 0u32.wrapping_sub(self.since) > 1 << 30 && self.since > 1 << 31 {
            self.since = self.since.wrapping_add(1 << 29);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waiting_passes_all_looks_that_would_not_end_it(
            (register, value, since) in any::<(u8, u8, u32)>(),
            (before, later, period) in (proptest::option::of(0u32..5_000), 0u32..5_000, 1u32..9),
            choice in 0..Awaited::ALL.len(),
        ) {
            let awaited = Awaited::ALL[choice];
            let mut timer = Timer::new(0);
            timer.set(register, value, since);
            if let Some(before) = before {
                timer.read(since.wrapping_add(before));
            }
            let begin = since.wrapping_add(before.unwrap_or(0) + later);
            let passed = timer.wait(awaited, begin, period);
            prop_assert_eq!(passed % period, 0);
            let is_over = |timer: &mut Timer, t: u32| match awaited {
                Awaited::Zero => timer.read(t) == 0,
                Awaited::Clear => timer.read(t) & 0x80 == 0,
                Awaited::Set => timer.read(t) & 0x80 != 0,
                Awaited::Expired => timer.status(t) & 0x80 != 0,
            };
            let untouched = timer;
            let had_expired = timer.status(begin) != 0 || timer.below.is_some();
            for t in (0..passed).step_by(period as usize) {
                prop_assert!(!is_over(&mut timer, begin.wrapping_add(t)));
            }
            prop_assert_eq!(timer, untouched);
            // It comes as far as the first interval in which the loop ends, unless that is over.
            let end = begin.wrapping_add(passed);
            let has_expired = timer.status(end) != 0;
            prop_assert!(begin == since || had_expired || has_expired || is_over(&mut timer, end));
        }
    }
}
