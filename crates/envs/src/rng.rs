//! NumPy's generator, bit for bit: `SeedSequence`, `PCG64` and the distributions Gymnasium's environments draw from.
//!
//! Sources: M. E. O'Neill, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms* (2014);
//! NumPy's documentation of `SeedSequence` and `PCG64`; D. Lemire, *Fast Random Integer Generation in an Interval* (2019).

mod tables;
mod ziggurat;

use std::str::FromStr;

use num_bigint::BigUint;
use rand_core::Rng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::Error;

/// A seed: an unsigned integer of any size, as NumPy and Gymnasium take them.
///
/// ```
/// use envs::Seed;
/// let small = Seed::from(42);
/// let large: Seed = "1606938044258990275541962092341162602522202993782792835301377".parse()?; // 2^200 + 1
/// assert_ne!(small, large);
/// assert_eq!(small.offset(1), Seed::from(43));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(BigUint);

impl Seed {
    /// A seed from the operating system's entropy, for a first reset without a seed.
    pub fn from_entropy() -> Self {
        // The standard library seeds its hasher from the system's entropy, once per process; 128 bits of it are enough here.
        use std::hash::{BuildHasher, RandomState};
        let state = RandomState::new();
        let words = [0u8, 1].map(|i| state.hash_one((i, std::time::SystemTime::now())));
        Self(BigUint::from(words[0]) << 64 | BigUint::from(words[1]))
    }

    /// The seed plus `index`: how Gymnasium's vector environments seed environment `index` of a vector.
    pub fn offset(&self, index: u64) -> Self {
        Self(&self.0 + index)
    }

    fn words(&self) -> Vec<u32> {
        self.0.to_u32_digits()
    }
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        Self(seed.into())
    }
}

impl FromStr for Seed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| Error::InvalidOption {
            name: "seed",
            value: format!("{text:?}"),
            expected: "a whole number from 0 on, of any size".into(),
        })
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// NumPy's `SeedSequence(seed)`: spreads a seed of any size over a pool of 128 bits.
///
/// ```
/// use envs::{Seed, rng::SeedSequence};
/// assert_eq!(SeedSequence::new(&Seed::from(42)).generate_state(2), [3444837047, 2669555309]);
/// ```
#[derive(Clone, Debug)]
pub struct SeedSequence {
    pool: [u32; 4],
}

impl SeedSequence {
    /// The pool of this seed.
    pub fn new(seed: &Seed) -> Self {
        let words = seed.words();
        let mut hash = Hash(0x43b0_d7e5);
        let mut pool = [0, 1, 2, 3].map(|i| hash.next(words.get(i).copied().unwrap_or(0)));
        for source in 0..4 {
            for target in 0..4 {
                if source != target {
                    pool[target] = mix(pool[target], hash.next(pool[source]));
                }
            }
        }
        for &word in words.iter().skip(4) {
            for target in &mut pool {
                *target = mix(*target, hash.next(word));
            }
        }
        Self { pool }
    }

    /// The first `n` 32-bit words of the sequence's state.
    pub fn generate_state(&self, n: usize) -> Vec<u32> {
        let mut factor = 0x8b51_f9ddu32;
        let words = self.pool.iter().cycle().take(n);
        words
            .map(|&word| {
                let value = word ^ factor;
                factor = factor.wrapping_mul(0x58f3_8ded);
                let value = value.wrapping_mul(factor);
                value ^ value >> 16
            })
            .collect()
    }
}

/// The hash of `SeedSequence`, whose factor changes with every word.
struct Hash(u32);

impl Hash {
    fn next(&mut self, word: u32) -> u32 {
        let value = word ^ self.0;
        self.0 = self.0.wrapping_mul(0x931e_8875);
        let value = value.wrapping_mul(self.0);
        value ^ value >> 16
    }
}

fn mix(x: u32, y: u32) -> u32 {
    let value = 0xca01_f9ddu32.wrapping_mul(x).wrapping_sub(0x4973_f715u32.wrapping_mul(y));
    value ^ value >> 16
}

/// NumPy's `Generator(PCG64(seed))`: the same numbers in the same order.
///
/// ```
/// use envs::{NumpyRng, Seed};
/// let mut rng = NumpyRng::new(&Seed::from(42));
/// assert_eq!(rng.next_u64(), 14276969152011380360);
/// let coin = rng.integers(0, 2);
/// assert!(coin == 0 || coin == 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumpyRng {
    pcg: Pcg64,
    /// The upper half of the last 64 bits of which a 32-bit draw took the lower half.
    upper_half: Option<u32>,
}

impl NumpyRng {
    /// The generator of `numpy.random.default_rng(seed)`.
    pub fn new(seed: &Seed) -> Self {
        let words = SeedSequence::new(seed).generate_state(8);
        let pair = |i: usize| u64::from(words[i]) | u64::from(words[i + 1]) << 32;
        let [state, stream] = [0, 4].map(|i| u128::from(pair(i)) << 64 | u128::from(pair(i + 2)));
        Self { pcg: Pcg64::new(state, stream), upper_half: None }
    }

    /// What NumPy's `PCG64().state` holds: state, increment, and the 32 bits that are left of the last draw, if any.
    ///
    /// ```
    /// use envs::{NumpyRng, Seed};
    /// let mut rng = NumpyRng::new(&Seed::from(42));
    /// rng.next_u32();
    /// let (state, increment, upper_half) = rng.parts();
    /// assert_eq!(upper_half, Some(3324115917));
    /// assert_eq!(NumpyRng::from_parts(state, increment, upper_half), rng);
    /// ```
    pub fn parts(&self) -> (u128, u128, Option<u32>) {
        // The crate tells a generator's numbers only as serialized data.
        let bytes = postcard::to_allocvec(&self.pcg).unwrap_or_default();
        let (state, increment) = postcard::from_bytes(&bytes).unwrap_or_default();
        (state, increment, self.upper_half)
    }

    /// The generator of these [`parts`](Self::parts). An even increment is none of a generator's, and made odd.
    pub fn from_parts(state: u128, increment: u128, upper_half: Option<u32>) -> Self {
        let bytes = postcard::to_allocvec(&(state, increment | 1)).unwrap_or_default();
        let pcg = postcard::from_bytes(&bytes).unwrap_or_else(|_| Pcg64::new(state, increment));
        Self { pcg, upper_half }
    }

    /// The generator of a reset: anew from the seed, or the one so far, whose stream goes on, or from entropy.
    pub fn for_reset(seed: Option<&Seed>, so_far: Option<Self>) -> Self {
        match (seed, so_far) {
            (Some(seed), _) => Self::new(seed),
            (None, Some(rng)) => rng,
            (None, None) => Self::new(&Seed::from_entropy()),
        }
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.pcg.next_u64()
    }

    /// The next 32 bits: the lower half of 64 fresh ones, then their upper half.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if let Some(upper) = self.upper_half.take() {
            return upper;
        }
        let bits = self.next_u64();
        self.upper_half = Some((bits >> 32) as u32);
        bits as u32
    }

    /// A number in [0, 1) with 53 random bits: `Generator.random()`.
    #[inline]
    pub fn random(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in [low, high): `Generator.uniform(low, high)`.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random()
    }

    /// A whole number in [low, high): `Generator.integers(low, high)`, by Lemire's method as NumPy runs it.
    ///
    /// An empty range gives `low`.
    pub fn integers(&mut self, low: i64, high: i64) -> i64 {
        let largest = (high.wrapping_sub(low) as u64).saturating_sub(1); // the largest offset that may come out
        if high <= low || largest == 0 {
            return low;
        }
        let offset = match u32::try_from(largest) {
            Ok(u32::MAX) => u64::from(self.next_u32()),
            Ok(largest) => u64::from(self.offset_u32(largest)),
            Err(_) => self.offset_u64(largest),
        };
        low.wrapping_add(offset as i64)
    }

    fn offset_u32(&mut self, largest: u32) -> u32 {
        let count = largest + 1;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(count);
            let remainder = product as u32;
            // The division is rarely needed: what it gives is below `count`.
            if remainder >= count || remainder >= (u32::MAX - largest) % count {
                return (product >> 32) as u32;
            }
        }
    }

    fn offset_u64(&mut self, largest: u64) -> u64 {
        let count = largest + 1;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(count);
            let remainder = product as u64;
            // The division is rarely needed: what it gives is below `count`.
            if remainder >= count || remainder >= (u64::MAX - largest) % count {
                return (product >> 64) as u64;
            }
        }
    }
}
