//! The normal and the exponential distribution by the ziggurat method of Marsaglia and Tsang (2000), as NumPy draws them.

use super::{
    NumpyRng,
    tables::{EXPONENTIAL_DENSITY, EXPONENTIAL_INSIDE, EXPONENTIAL_WIDTH, NORMAL_DENSITY, NORMAL_WIDTH},
};

/// Where the normal distribution's tail begins, and one over it.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_TAIL_INVERSE: f64 = 0.273_661_237_329_758_3;
/// Where the exponential distribution's tail begins.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;

/// The 52 random bits below which a layer of the normal distribution lies wholly under the density.
static NORMAL_INSIDE: [u64; 256] = normal_inside();

const fn normal_inside() -> [u64; 256] {
    let mut inside = [0; 256];
    let mut layer = 0;
    while layer < 256 {
        let upper = if layer == 0 { NORMAL_WIDTH[255] } else { NORMAL_WIDTH[layer - 1] };
        let share = upper / NORMAL_WIDTH[layer] * (1u64 << 52) as f64;
        // Rounded to the nearest. Layer 1 lies under the peak and has no such part.
        inside[layer] = if layer == 1 { 0 } else { (share + 0.5) as u64 };
        layer += 1;
    }
    inside
}

impl NumpyRng {
    /// A number of the standard normal distribution: `Generator.standard_normal()`.
    ///
    /// ```
    /// use envs::{NumpyRng, Seed};
    /// assert_eq!(NumpyRng::new(&Seed::from(42)).standard_normal(), 0.30471707975443135);
    /// ```
    pub fn standard_normal(&mut self) -> f64 {
        loop {
            let bits = self.next_u64();
            let layer = (bits & 0xff) as usize;
            let negative = bits >> 8 & 1 == 1;
            let bits = bits >> 9 & ((1 << 52) - 1);
            let x = bits as f64 * NORMAL_WIDTH[layer];
            let signed = if negative { -x } else { x };
            if bits < NORMAL_INSIDE[layer] {
                return signed;
            }
            if layer == 0 {
                return self.normal_tail(bits >> 8 & 1 == 1);
            }
            let (above, below) = (NORMAL_DENSITY[layer - 1], NORMAL_DENSITY[layer]);
            if (above - below) * self.random() + below < (-0.5 * x * x).exp() {
                return signed;
            }
        }
    }

    /// Beyond the last layer, by Marsaglia's method of two exponentials.
    fn normal_tail(&mut self, negative: bool) -> f64 {
        loop {
            let x = -NORMAL_TAIL_INVERSE * (-self.random()).ln_1p();
            let y = -(-self.random()).ln_1p();
            if y + y > x * x {
                return if negative { -(NORMAL_TAIL + x) } else { NORMAL_TAIL + x };
            }
        }
    }

    /// A number of the exponential distribution with mean 1: `Generator.standard_exponential()`.
    ///
    /// ```
    /// use envs::{NumpyRng, Seed};
    /// assert_eq!(NumpyRng::new(&Seed::from(42)).standard_exponential(), 2.4042086039659947);
    /// ```
    pub fn standard_exponential(&mut self) -> f64 {
        loop {
            let bits = self.next_u64() >> 3;
            let layer = (bits & 0xff) as usize;
            let bits = bits >> 8;
            let x = bits as f64 * EXPONENTIAL_WIDTH[layer];
            if bits < EXPONENTIAL_INSIDE[layer] {
                return x;
            }
            if layer == 0 {
                return EXPONENTIAL_TAIL - (-self.random()).ln_1p();
            }
            let (above, below) = (EXPONENTIAL_DENSITY[layer - 1], EXPONENTIAL_DENSITY[layer]);
            if (above - below) * self.random() + below < (-x).exp() {
                return x;
            }
        }
    }
}
