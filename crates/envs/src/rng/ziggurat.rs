//! The normal and the exponential distribution by the ziggurat method of Marsaglia and Tsang (2000), as NumPy draws them.

use super::{
    NumpyRng,
    tables::{EXPONENTIAL_DENSITY, EXPONENTIAL_INSIDE, EXPONENTIAL_WIDTH, NORMAL_DENSITY, NORMAL_INSIDE, NORMAL_WIDTH},
};

/// Where the normal distribution's tail begins, and one over it.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_TAIL_INVERSE: f64 = 0.273_661_237_329_758_3;
/// Where the exponential distribution's tail begins.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn crc32<const N: usize>(entries: impl Iterator<Item = [u8; N]>) -> u32 {
        crc32fast::hash(&entries.flatten().collect::<Vec<u8>>())
    }

    /// The checksums are those of the arrays `wi_double`, `ki_double`, `fi_double` and `we_double`, `ke_double`,
    /// `fe_double` in the library libnpyrandom.a that NumPy 2.4.6 installs.
    #[test]
    fn every_entry_of_the_tables_is_numpys() {
        let floats = |table: &[f64; 256]| crc32(table.iter().map(|entry| entry.to_le_bytes()));
        let bits = |table: &[u64; 256]| crc32(table.iter().map(|entry| entry.to_le_bytes()));
        assert_eq!(floats(&NORMAL_WIDTH), 0xa0bb_759d);
        assert_eq!(bits(&NORMAL_INSIDE), 0xcfe6_fd0c);
        assert_eq!(floats(&NORMAL_DENSITY), 0xf375_a919);
        assert_eq!(floats(&EXPONENTIAL_WIDTH), 0x09f4_aefa);
        assert_eq!(bits(&EXPONENTIAL_INSIDE), 0x0e75_185e);
        assert_eq!(floats(&EXPONENTIAL_DENSITY), 0xd800_4389);
    }
}
