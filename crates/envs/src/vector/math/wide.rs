//! Sine and cosine of angles up to many turns: reduced by quarter turns, then from their Taylor series in two parts.
//!
//! An angle x is k quarter turns and a rest r of at most π/4. π/2 is taken as the sum of two `f64`s; the first product
//! cancels without a rounding, so that the rest, as high + low, is known to about 2⁻¹⁰⁰. The rounding test is that of the
//! module above, with the library's known 0.016 units beyond one half, and 0.009 for what is dropped here.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::horner;

/// π/2 minus the nearest `f64`.
const FRAC_PI_2_LOW: f64 = 6.123233995736766e-17;
/// Angles from here on go to the library.
const LARGEST: f64 = 512.0;
/// A rest below this that is not the angle itself has lost too many digits.
const SMALLEST_REST: f64 = 1.0 / 1048576.0;
/// Half the width of the gap around the middle between two `f64`s in which a result is uncertain, in units of the last
/// place or up to twice that.
const DISTANCE: f64 = 0.025;
/// Added to a small number and taken off again, it rounds to a whole one, which is then in the lowest bits.
const ROUNDER: f64 = 6755399441055744.0; // 1.5 * 2^52

/// A number as an unevaluated sum.
#[derive(Clone, Copy)]
pub struct Parts {
    high: f64,
    low: f64,
}

impl Parts {
    /// The nearest number, and whether it is certain to be the library's.
    #[inline(always)]
    pub fn rounded(self) -> (f64, bool) {
        let margin = self.high.abs() * (f64::EPSILON * DISTANCE);
        // The sum of a zero has lost the sign.
        ((self.high + self.low).copysign(self.high), self.high + (self.low - margin) == self.high + (self.low + margin))
    }
}

/// The sine and cosine of any angle, and whether the angle is one that this can be done for.
#[inline(always)]
pub fn sin_cos_parts(x: f64) -> (Parts, Parts, bool) {
    let (quarters, rest, rest_low) = reduce(x);
    let (sin, cos) = rest_parts(rest, rest_low);
    let possible = (x.abs() < LARGEST) & ((rest.abs() > SMALLEST_REST) | (rest == x));
    let next = quarters.wrapping_add(1);
    let turned_sin = Parts { high: turned(sin.high, cos.high, quarters), low: turned(sin.low, cos.low, quarters) };
    let turned_cos = Parts { high: turned(sin.high, cos.high, next), low: turned(sin.low, cos.low, next) };
    (turned_sin, turned_cos, possible)
}

/// One of two numbers, by whether the quarters are odd, with the sign of the second bit: of bits, so that eight of them are one
/// instruction.
#[inline(always)]
fn turned(even: f64, odd: f64, quarters: u64) -> f64 {
    let swapped = 0u64.wrapping_sub(quarters & 1);
    f64::from_bits(((even.to_bits() & !swapped) | (odd.to_bits() & swapped)) ^ (quarters & 2) << 62)
}

/// Sine and cosine within 2⁻⁴⁸, for results that are rounded to `f32`; and whether the angle is one that this can be
/// done for.
#[inline(always)]
pub fn sin_cos_nearly(x: f64) -> (f64, f64, bool) {
    let (quarters, rest, _) = reduce(x);
    let square = rest * rest;
    let sin = (square * rest).mul_add(horner(square, SIN_SERIES), rest - square * rest * (1.0 / 6.0));
    let quartic =
        horner(square, [1.0 / 24.0, COS_SERIES[0], COS_SERIES[1], COS_SERIES[2], COS_SERIES[3], COS_SERIES[4]]);
    let cos = (square * square).mul_add(quartic, 1.0 - 0.5 * square);
    (turned(sin, cos, quarters), turned(sin, cos, quarters.wrapping_add(1)), x.abs() < LARGEST)
}

/// The number of quarter turns (its lowest bits count), and the rest.
#[inline(always)]
fn reduce(x: f64) -> (u64, f64, f64) {
    let rounded = x.mul_add(FRAC_2_PI, ROUNDER);
    let quarters = rounded - ROUNDER;
    let high = quarters.mul_add(-FRAC_PI_2, x);
    let taken = quarters * FRAC_PI_2_LOW;
    let taken_low = quarters.mul_add(FRAC_PI_2_LOW, -taken);
    let rest = high - taken;
    (rounded.to_bits(), rest, ((high - rest) - taken) - taken_low)
}

/// x⁵/120 and what follows, over x³.
const SIN_SERIES: [f64; 8] = [
    0.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362880.0,
    -1.0 / 39916800.0,
    1.0 / 6227020800.0,
    -1.0 / 1307674368000.0,
    1.0 / 355687428096000.0,
];

/// -x⁶/720 and what follows, over x⁴ and x².
const COS_SERIES: [f64; 7] = [
    -1.0 / 720.0,
    1.0 / 40320.0,
    -1.0 / 3628800.0,
    1.0 / 479001600.0,
    -1.0 / 87178291200.0,
    1.0 / 20922789888000.0,
    -1.0 / 6402373705728000.0,
];

/// Sine and cosine of x + `x_low`, where |x| is at most about π/4.
#[inline(always)]
fn rest_parts(x: f64, x_low: f64) -> (Parts, Parts) {
    /// 1/6 and 1/24 minus the nearest `f64`s.
    const SIXTH_LOW: f64 = 9.25185853854297e-18;
    const SIXTH: f64 = 1.0 / 6.0;
    const TWENTY_FOURTH_LOW: f64 = 2.3129646346357427e-18;
    const TWENTY_FOURTH: f64 = 1.0 / 24.0;
    let square = x * x;
    let square_low = x.mul_add(x, -square);

    let cube = square * x;
    let cube_low = square_low.mul_add(x, square.mul_add(x, -cube));
    let term = cube * SIXTH;
    let term_low = cube.mul_add(SIXTH_LOW, cube_low.mul_add(SIXTH, cube.mul_add(SIXTH, -term)));
    let sin = x - term;
    let sin_rest = ((x - sin) - term) + cube.mul_add(horner(square, SIN_SERIES), -term_low);

    let half = 0.5 * square;
    let above = 1.0 - half;
    let quartic = square * square;
    let quartic_low = (2.0 * square).mul_add(square_low, square.mul_add(square, -quartic));
    let term = quartic * TWENTY_FOURTH;
    let term_low =
        quartic.mul_add(TWENTY_FOURTH_LOW, quartic_low.mul_add(TWENTY_FOURTH, quartic.mul_add(TWENTY_FOURTH, -term)));
    let cos = above + term;
    let lost = ((1.0 - above) - half) + ((above - cos) + term);
    let cos_rest = (quartic * square).mul_add(horner(square, COS_SERIES), lost + 0.5f64.mul_add(-square_low, term_low));

    let sin_low = x_low.mul_add(cos, sin_rest);
    let cos_low = x_low.mul_add(-sin, cos_rest);
    // Of a zero, the difference above has lost the sign.
    (Parts { high: sin.copysign(x), low: sin_low }, Parts { high: cos, low: cos_low })
}
