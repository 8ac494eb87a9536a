//! The Mersenne Twister, as C++'s `std::mt19937` runs it.
//!
//! Source: M. Matsumoto and T. Nishimura, *Mersenne Twister: A 623-dimensionally equidistributed uniform pseudorandom
//! number generator* (1998), with the seeding of 2002.

use std::fmt;

use serde::{Deserialize, Serialize};

const WORDS: usize = 624;
const SHIFT: usize = 397;

/// The generator that ALE draws from: for sticky actions, and inside the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mt19937 {
    words: Vec<u32>,
    index: u16,
}

impl Mt19937 {
    pub(super) fn new(seed: u32) -> Self {
        let mut words = vec![seed; WORDS];
        for i in 1..WORDS {
            let last = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
        }
        Self { words, index: WORDS as u16 }
    }

    /// The generator of this seed after this many draws.
    #[cfg(any(test, feature = "ale"))]
    pub(super) fn at(seed: u32, draws: u32) -> Self {
        let mut twister = Self::new(seed);
        for _ in 0..draws {
            twister.next_u32();
        }
        twister
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        if usize::from(self.index) >= WORDS {
            self.twist();
        }
        let word = self.words[usize::from(self.index)];
        self.index += 1;
        let word = word ^ word >> 11;
        let word = word ^ word << 7 & 0x9d2c_5680;
        let word = word ^ word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// A number in [0, 1) with 32 random bits.
    pub(super) fn next_f64(&mut self) -> f64 {
        f64::from(self.next_u32()) / (u64::from(u32::MAX) + 1) as f64
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let mixed = self.words[i] & 0x8000_0000 | self.words[(i + 1) % WORDS] & 0x7fff_ffff;
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + SHIFT) % WORDS] ^ mixed >> 1 ^ odd;
        }
        self.index = 0;
    }

    /// Whether the parts, which may come from a saved state, make up a generator.
    pub(super) fn is_valid(&self) -> bool {
        self.words.len() == WORDS && usize::from(self.index) <= WORDS
    }
}

/// The text that libstdc++'s `operator<<` writes, which ALE keeps in its states.
impl fmt::Display for Mt19937 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.iter().try_for_each(|word| write!(f, "{word} "))?;
        write!(f, "{}", self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_value_that_the_cpp_standard_requires() {
        // ISO C++ [rand.predef]: the 10000th invocation of a default-constructed mt19937 (seed 5489).
        assert_eq!(Mt19937::at(5489, 9_999).next_u32(), 4_123_659_995);
    }

    #[test]
    fn equals_numpys_legacy_generator() {
        // numpy.random.RandomState(seed).randint(0, 2**32, 3, dtype=numpy.uint32)
        let first = |seed| {
            let mut twister = Mt19937::new(seed);
            [(); 3].map(|()| twister.next_u32())
        };
        assert_eq!(first(0), NUMPY_SEED_0);
        assert_eq!(first(u32::MAX), NUMPY_SEED_MAX);
    }

    const NUMPY_SEED_0: [u32; 3] = [2_357_136_044, 2_546_248_239, 3_071_714_933];
    const NUMPY_SEED_MAX: [u32; 3] = [419_326_371, 479_346_978, 3_918_654_476];
}
