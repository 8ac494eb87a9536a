//! Sine and cosine by the operations of glibc's since version 2.28, so that they have its bits: those of the IBM Accurate
//! Mathematical Library (S. Gal and B. Bachelis, *An Accurate Elementary Mathematical Library for the IEEE Floating Point
//! Standard*, 1991), as glibc compiles them for processors with a fused multiply-add.
//!
//! An angle is k quarter turns and a rest of at most about π/4, in two parts. The rest is a 128th part that a table has sine
//! and cosine of, each in two parts, and a small number whose sine and cosine are short polynomials; small sines are a
//! polynomial alone. Which product is fused with which sum decides the last bit, so that no line here may be reordered.
//!
//! Other libraries have other bits. Before its first use the table is compared with this machine's library.

use std::{
    f64::consts::{FRAC_2_PI, FRAC_PI_2},
    hint::black_box,
    sync::LazyLock,
};

use num_bigint::BigInt;

/// Angles below this are their own rest.
const NARROW: f64 = f64::from_bits(0x3feb_6000 << 32); // 0.8555
/// Angles from `NARROW` to this have a reduction of their own.
const ONE_QUARTER: f64 = f64::from_bits(0x4003_68fd << 32); // 2.426
/// Angles from this on are reduced otherwise.
const LARGEST: f64 = f64::from_bits(0x4199_21fb << 32); // 1.05e8
/// Rests below this have a sine without the table.
const SERIES: f64 = 0.126;

/// Added to a small number and taken off again, it rounds to a whole one, which is then in the lowest bits.
const ROUNDER: f64 = 6755399441055744.0; // 1.5 * 2^52
/// The same for 128th parts.
const PART_ROUNDER: f64 = 52776558133248.0; // 1.5 * 2^45
const SIGN: u64 = 1 << 63;

/// Coefficients of the sine of a small rest: of its third power, fifth and so on.
const SIN_SERIES: [f64; 5] =
    [-0.16666666666666666, 0.008333333333332329, -0.00019841269834414642, 2.755729806860771e-6, -2.5022014848318398e-8];
/// Coefficients of the sine of what is left beside a 128th part, and of its cosine.
const SIN_PART: [f64; 2] = [-0.16666666666666488, 0.008333332142857223];
const COS_PART: [f64; 3] = [0.5, -0.04166666666666644, 0.001388888740079376];

/// Sine and cosine of 128th parts: the sine as high + low, then the cosine.
pub struct Table {
    rows: [[f64; 4]; 128],
    trusted: bool,
}

/// The table, which the first call makes and compares with the C library.
#[inline(always)]
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let table = Table { rows: std::array::from_fn(row), trusted: true };
        Table { trusted: table.agrees(), ..table }
    });
    &TABLE
}

impl Table {
    /// Whether [`sin_cos`](Self::sin_cos) of this number is the library's.
    #[inline(always)]
    pub fn knows(&self, x: f64) -> bool {
        (x.abs() < NARROW) & self.trusted
    }

    /// Whether [`sin_cos_wide`](Self::sin_cos_wide) of this number is the library's.
    #[inline(always)]
    pub fn knows_wide(&self, x: f64) -> bool {
        (x.abs() < LARGEST) & self.trusted
    }

    /// Sine and cosine of a number below 0.8555.
    #[inline(always)]
    pub fn sin_cos(&self, x: f64) -> (f64, f64) {
        self.of_rest(x, 0.0)
    }

    /// Sine and cosine of a number below 10⁸.
    #[inline(always)]
    pub fn sin_cos_wide(&self, x: f64) -> (f64, f64) {
        let (quarters, rest, rest_low) = reduce(x);
        let (sin, cos) = self.of_rest(rest, rest_low);
        (turned(sin, cos, quarters), turned(sin, cos, quarters.wrapping_add(1)))
    }

    /// Sine and cosine of x + `x_low`.
    #[inline(always)]
    fn of_rest(&self, x: f64, x_low: f64) -> (f64, f64) {
        let positive = x.abs();
        let low = f64::from_bits(x_low.to_bits() ^ (x.to_bits() & SIGN));
        let rounded = PART_ROUNDER + positive;
        let left = positive - (rounded - PART_ROUNDER);
        let [sin, sin_low, cos, cos_low] = self.rows[(rounded.to_bits() & 127) as usize];

        let (sin_left, cos_left) = parts_left(left);
        let s = left + cube_term(left, low, sin_left);
        let c = left.mul_add(low, cos_left);
        let correction = cos.mul_add(s, (-c).mul_add(sin, s.mul_add(cos_low, sin_low)));
        let sine = if positive < SERIES { small_sine(x, x_low) } else { sin + correction };

        let left = left + low;
        let (sin_left, c) = parts_left(left);
        let s = cube_term(left, left, sin_left);
        let correction = (-sin).mul_add(s, (-c).mul_add(cos, (-s).mul_add(sin_low, cos_low)));
        (sine.copysign(x), cos + correction)
    }

    /// Whether the library gives these bits, by some thousands of numbers of every kind.
    fn agrees(&self) -> bool {
        let steps = (1..=2000).map(|i| f64::from(i) * 0.618_033_988_749_894_9);
        let numbers = [0.127, 0.86, 2.43, 1000.0].map(|width| steps.clone().map(move |step| step % 1.0 * width));
        numbers.into_iter().flatten().all(|x| {
            // Apart, they are other functions of the library than together.
            let apart = [x.sin(), black_box(x).cos()];
            let ours = self.sin_cos_wide(x);
            <[f64; 2]>::from(ours) == apart && ours == black_box(x).sin_cos()
        })
    }
}

/// x - sin x over x³, and 1 - cos x, of what is left beside a 128th part.
#[inline(always)]
fn parts_left(x: f64) -> (f64, f64) {
    let square = x * x;
    let cosine = COS_PART[2].mul_add(square, COS_PART[1]).mul_add(square, COS_PART[0]);
    (SIN_PART[1].mul_add(square, SIN_PART[0]), square * cosine)
}

/// The third power times a factor, plus a number.
#[inline(always)]
fn cube_term(x: f64, number: f64, factor: f64) -> f64 {
    (x * (x * x)).mul_add(factor, number)
}

/// The sine of x + `x_low` by its series.
#[inline(always)]
fn small_sine(x: f64, x_low: f64) -> f64 {
    let square = x * x;
    let [a, b, c, d, e] = SIN_SERIES;
    let series = e.mul_add(square, d).mul_add(square, c).mul_add(square, b).mul_add(square, a);
    x + series.mul_add(x, -(0.5 * x_low)).mul_add(square, x_low)
}

/// The number of quarter turns (its lowest bits count), and the rest in two parts.
#[inline(always)]
fn reduce(x: f64) -> (u64, f64, f64) {
    /// π/2 in four parts, and in two.
    const MANY: [f64; 4] = [1.5707963407039642, -1.3909067564377153e-8, -4.97899623147991e-17, -1.9034889620193266e-25];
    const ONE: [f64; 4] = [FRAC_PI_2, 0.0, 6.123233995736766e-17, 0.0];
    let positive = x.abs();
    let one = positive < ONE_QUARTER;
    let quarters = x.mul_add(FRAC_2_PI, ROUNDER) - ROUNDER;
    let quarters = if one { 1f64.copysign(x) } else { quarters };
    let quarters = if positive < NARROW { 0.0 } else { quarters };
    let [a, b, c, d]: [f64; 4] = std::array::from_fn(|i| if one { ONE[i] } else { MANY[i] });
    let high = (-quarters).mul_add(b, (-quarters).mul_add(a, x));
    let middle = (-quarters).mul_add(c, high);
    let middle_low = (-quarters).mul_add(c, high - middle);
    let rest = (-quarters).mul_add(d, middle);
    ((quarters + ROUNDER).to_bits(), rest, middle_low + (-quarters).mul_add(d, middle - rest))
}

/// One of two numbers, by whether the quarters are odd, with the sign of the second bit: of bits, so that eight of them are one
/// instruction.
#[inline(always)]
fn turned(even: f64, odd: f64, quarters: u64) -> f64 {
    let swapped = 0u64.wrapping_sub(quarters & 1);
    f64::from_bits(((even.to_bits() & !swapped) | (odd.to_bits() & swapped)) ^ (quarters & 2) << 62)
}

/// Sine and cosine of k/128, each as the nearest `f64` and the nearest to what that leaves, from their series.
fn row(k: usize) -> [f64; 4] {
    let mut sums = [BigInt::ZERO; 2];
    let mut term: BigInt = BigInt::from(1) << 220;
    for n in 0..60 {
        let sum = &mut sums[1 - n % 2];
        *sum += if n % 4 < 2 { term.clone() } else { -&term };
        term = term * k / (128 * (n + 1));
    }
    let [[sin, sin_low], [cos, cos_low]] = sums.map(in_two_parts);
    [sin, sin_low, cos, cos_low]
}

/// A number in 220ths powers of one half, as a sum.
fn in_two_parts(number: BigInt) -> [f64; 2] {
    let bits = |number: &BigInt| i128::try_from(number).unwrap_or_default();
    let high = bits(&(&number >> 100)) as f64;
    let low = bits(&((number - (BigInt::from(high as i128) << 100)) >> 60)) as f64;
    [high / (1u128 << 120) as f64, low / (1u128 << 80) as f64 / (1u128 << 80) as f64]
}
