//! The arithmetic of native environments, one by one or eight at once: the same bits either way.
//!
//! **Sine and cosine** are the C library's. [`Fused`] computes both to about 64 bits, as an unevaluated sum high + low,
//! from their Taylor series. Where that sum is not within a small distance of the middle between two `f64`s, every
//! implementation whose error is below half a unit in the last place plus that distance rounds to the same number, so
//! ours and the library's are equal bit for bit (the rounding test of A. Ziv, *Fast Evaluation of Elementary Mathematical
//! Functions with Correctly Rounded Last Bit*, 1991). The few remaining numbers, and those outside ±0.25, go to the
//! library itself.
//!
//! What must hold of the library is its error on ±0.25, in units in the last place: of the sine at most
//! 0.5 + 0.0003 + 0.7 x² where x² < 0.0158 and 0.518 elsewhere, of the cosine at most 0.5025. glibc's `s_sin.c` promises
//! 0.518 for the sine, and a Taylor series whose last sum is the only rounding that counts below 0.126; the largest error
//! known of it is 0.516 over all numbers, of either (B. Gladman, V. Innocente, J. Mather, P. Zimmermann, *Accuracy of
//! Mathematical Functions in Single, Double, Double Extended, and Quadruple Precision*, 2024). A test below measures it
//! on this interval.
//!
//! **Wide angles**, the module `wide`, do the same for angles up to many turns, and **squares** are the C library's
//! `pow(x, 2)`, which is not always the nearest number to the product: glibc's `pow` promises an error of 0.0092 units
//! beyond one half where 2 ln x is small (comment on its worst case in `e_pow.c`), and its `powf` was compared for every
//! `f32` from 2⁻⁶⁰ to 2.
//!
//! The error-free sums and products are those of T. J. Dekker, *A Floating-Point Technique for Extending the Available
//! Precision* (1971), the products with a fused multiply-add.

mod wide;

use std::hint::black_box;

/// What is computed differently where the processor has a fused multiply-add.
pub(crate) trait Math {
    /// The sine and cosine of each number.
    fn sin_cos<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]);

    /// The sine and cosine of each number, which may be many turns.
    fn sin_cos_wide<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]);

    /// The sine of each number, which may be many turns.
    fn sin_wide<const N: usize>(x: &[f64; N]) -> [f64; N];

    /// The cosine of each number, which may be many turns.
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N];

    /// The sine and cosine of each number, rounded to `f64` and then to `f32`.
    fn sin_cos_f32<const N: usize>(x: &[f64; N]) -> ([f32; N], [f32; N]);

    /// The C library's `pow(x, 2)`.
    fn square<const N: usize>(x: &[f64; N]) -> [f64; N];

    /// The C library's `powf(x, 2)` for numbers from -2 to 2.
    fn square_f32<const N: usize>(x: &[f32; N]) -> [f32; N];

    /// The remainders of the division by a full turn, from 0 on, as Python's `x % (2 * pi)` has them.
    fn modulo_turn<const N: usize>(x: &[f64; N]) -> [f64; N];

    /// `x / 1.1`; of a zero the sign may differ.
    fn over_1_1(x: f64) -> f64;
}

/// For processors with a fused multiply-add.
pub(crate) struct Fused;

/// One call of the C library after the other.
pub(crate) struct Library;

impl Math for Library {
    #[inline(always)]
    fn sin_cos<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]) {
        (x.map(f64::sin), x.map(f64::cos))
    }

    #[inline(always)]
    fn sin_cos_wide<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]) {
        Self::sin_cos(x)
    }

    #[inline(always)]
    fn sin_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        x.map(f64::sin)
    }

    #[inline(always)]
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        x.map(f64::cos)
    }

    #[inline(always)]
    fn sin_cos_f32<const N: usize>(x: &[f64; N]) -> ([f32; N], [f32; N]) {
        (x.map(|x| x.sin() as f32), x.map(|x| x.cos() as f32))
    }

    #[inline(always)]
    fn square<const N: usize>(x: &[f64; N]) -> [f64; N] {
        x.map(library_square)
    }

    #[inline(always)]
    fn square_f32<const N: usize>(x: &[f32; N]) -> [f32; N] {
        x.map(library_square_f32)
    }

    #[inline(always)]
    fn modulo_turn<const N: usize>(x: &[f64; N]) -> [f64; N] {
        x.map(library_modulo_turn)
    }

    #[inline(always)]
    fn over_1_1(x: f64) -> f64 {
        x / 1.1
    }
}

const TURN: f64 = std::f64::consts::TAU;

fn library_modulo_turn(x: f64) -> f64 {
    let rest = x % TURN;
    if rest < 0.0 { rest + TURN } else { rest.abs() }
}

/// The compiler would make a product of a power that it knows.
fn library_square(x: f64) -> f64 {
    x.powf(black_box(2.0))
}

fn library_square_f32(x: f32) -> f32 {
    x.powf(black_box(2.0))
}

impl Math for Fused {
    #[inline(always)]
    fn sin_cos<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]) {
        let (mut sin, mut cos) = ([0.0; N], [0.0; N]);
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let certain;
            (sin[i], cos[i], certain) = sin_cos(x[i]);
            uncertain[i] = u64::from(!certain);
        }
        if any(&uncertain) {
            ask_library(x, &uncertain, &mut sin, &mut cos);
        }
        (sin, cos)
    }

    #[inline(always)]
    fn sin_cos_wide<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]) {
        let (mut sin, mut cos) = ([0.0; N], [0.0; N]);
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let (sin_parts, cos_parts, possible) = wide::sin_cos_parts(x[i]);
            let (sin_certain, cos_certain);
            (sin[i], sin_certain) = sin_parts.rounded();
            (cos[i], cos_certain) = cos_parts.rounded();
            uncertain[i] = u64::from(!(possible & sin_certain & cos_certain));
        }
        if any(&uncertain) {
            ask_library(x, &uncertain, &mut sin, &mut cos);
        }
        (sin, cos)
    }

    #[inline(always)]
    fn sin_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        let mut sin = [0.0; N];
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let (parts, _, possible) = wide::sin_cos_parts(x[i]);
            let certain;
            (sin[i], certain) = parts.rounded();
            uncertain[i] = u64::from(!(possible & certain));
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut sin, f64::sin);
        }
        sin
    }

    #[inline(always)]
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        let mut cos = [0.0; N];
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let (_, parts, possible) = wide::sin_cos_parts(x[i]);
            let certain;
            (cos[i], certain) = parts.rounded();
            uncertain[i] = u64::from(!(possible & certain));
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut cos, f64::cos);
        }
        cos
    }

    #[inline(always)]
    fn sin_cos_f32<const N: usize>(x: &[f64; N]) -> ([f32; N], [f32; N]) {
        let (mut sin, mut cos) = ([0.0; N], [0.0; N]);
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let (wide_sin, wide_cos, possible) = wide::sin_cos_nearly(x[i]);
            let (sin_certain, cos_certain);
            (sin[i], sin_certain) = nearest_f32(wide_sin);
            (cos[i], cos_certain) = nearest_f32(wide_cos);
            uncertain[i] = u64::from(!(possible & sin_certain & cos_certain));
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut sin, |x| x.sin() as f32);
            correct(x, &uncertain, &mut cos, |x| x.cos() as f32);
        }
        (sin, cos)
    }

    #[inline(always)]
    fn square<const N: usize>(x: &[f64; N]) -> [f64; N] {
        /// In units of the last place, or up to twice that.
        const DISTANCE: f64 = 0.0125;
        let mut squares = [0.0; N];
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let high = x[i] * x[i];
            let low = x[i].mul_add(x[i], -high);
            let margin = high * (f64::EPSILON * DISTANCE);
            squares[i] = high;
            let ordinary = (x[i].abs() > 1e-15) & (x[i].abs() < 1e15);
            uncertain[i] = u64::from(!((high + (low - margin) == high + (low + margin)) & ordinary));
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut squares, library_square);
        }
        squares
    }

    #[inline(always)]
    fn square_f32<const N: usize>(x: &[f32; N]) -> [f32; N] {
        /// The largest distance from the middle between two numbers at which `powf` was found to round the other way is
        /// 0.0017 units in the last place.
        const DISTANCE: f64 = 0.003;
        const SMALLEST: f32 = 1.0 / (1u64 << 60) as f32;
        let mut squares = [0.0; N];
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let square = f64::from(x[i]) * f64::from(x[i]);
            let margin = square * (f64::from(f32::EPSILON) * DISTANCE);
            squares[i] = square as f32;
            let certain = ((square - margin) as f32 == (square + margin) as f32) & (x[i].abs() > SMALLEST);
            uncertain[i] = u64::from(!certain);
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut squares, library_square_f32);
        }
        squares
    }

    /// The rest of a division by a whole quotient that is not too large is exact, and so is the fused one, which is rounded
    /// once where a turn is added, as the sum of Python's is.
    #[inline(always)]
    fn modulo_turn<const N: usize>(x: &[f64; N]) -> [f64; N] {
        const TURNS: f64 = 1.0 / TURN;
        let mut rests = [0.0; N];
        let mut uncertain = [0u64; N];
        for i in 0..N {
            let turns = (x[i] * TURNS).floor();
            let rest = turns.mul_add(-TURN, x[i]);
            let below = (turns - 1.0).mul_add(-TURN, x[i]);
            let above = (turns + 1.0).mul_add(-TURN, x[i]);
            let rest = if rest < 0.0 { below } else { rest };
            rests[i] = if above >= 0.0 { above } else { rest };
            let small = x[i].abs() < 1e6; // a NaN is not
            uncertain[i] = u64::from(!small);
        }
        if any(&uncertain) {
            correct(x, &uncertain, &mut rests, library_modulo_turn);
        }
        rests
    }

    /// The product with the reciprocal is off by less than one unit in the last place (the reciprocal's relative error is
    /// 0.85 * 2⁻⁵⁴), and from there one Newton step rounds as the division does (P. Markstein, *Computation of
    /// Elementary Functions on the IBM RISC System/6000 Processor*, 1990, theorem 8.3).
    #[inline(always)]
    fn over_1_1(x: f64) -> f64 {
        const RECIPROCAL: f64 = 1.0 / 1.1;
        let quotient = x * RECIPROCAL;
        quotient.mul_add(-1.1, x).mul_add(RECIPROCAL, quotient)
    }
}

#[inline(always)]
fn any<const N: usize>(lanes: &[u64; N]) -> bool {
    lanes.iter().fold(0, |any, lane| any | lane) != 0
}

/// The nearest `f32` to a number that is off by at most 2⁻⁴⁸, and whether it is certain.
#[inline(always)]
fn nearest_f32(x: f64) -> (f32, bool) {
    const ERROR: f64 = 1.0 / (1u64 << 48) as f64;
    (x as f32, (x - ERROR) as f32 == (x + ERROR) as f32)
}

/// Computes anew what is uncertain.
#[cold]
#[inline(never)]
fn correct<T: Copy, R, const N: usize>(x: &[T; N], uncertain: &[u64; N], results: &mut [R; N], exact: fn(T) -> R) {
    for i in 0..N {
        if uncertain[i] != 0 {
            results[i] = exact(x[i]);
        }
    }
}

#[cold]
#[inline(never)]
fn ask_library<const N: usize>(x: &[f64; N], uncertain: &[u64; N], sin: &mut [f64; N], cos: &mut [f64; N]) {
    for i in 0..N {
        if uncertain[i] != 0 {
            (sin[i], cos[i]) = (x[i].sin(), x[i].cos());
        }
    }
}

/// Sine and cosine, and whether they are certain to be the library's.
#[inline(always)]
fn sin_cos(x: f64) -> (f64, f64, bool) {
    let square = x * x;
    let square_low = x.mul_add(x, -square);
    let (sin, sin_low) = sin_parts(x, square, square_low);
    let (cos, cos_low) = cos_parts(square, square_low);

    // In units of the last place, these are the distances that the module's documentation speaks of, or up to twice that.
    let sin_margin = sin * (f64::EPSILON * sin_distance(square));
    const COS_MARGIN: f64 = f64::EPSILON / 2.0 * COS_DISTANCE;
    let certain = (sin + (sin_low - sin_margin) == sin + (sin_low + sin_margin))
        & (cos + (cos_low - COS_MARGIN) == cos + (cos_low + COS_MARGIN))
        & (square < 0.0625);
    ((sin + sin_low).copysign(x), cos + cos_low, certain)
}

/// By how much more than half a unit in the last place the library's sine may be off.
#[inline(always)]
fn sin_distance(square: f64) -> f64 {
    if square < 0.0158 { 0.7f64.mul_add(square, 0.0003) } else { 0.018 }
}

/// By how much more than half a unit in the last place the library's cosine may be off.
const COS_DISTANCE: f64 = 0.0025;

/// x - x³/6 + x⁵/120 - ..., the cube's term in two parts and the rest, which is below 2⁻²⁰ x, in one.
#[inline(always)]
fn sin_parts(x: f64, square: f64, square_low: f64) -> (f64, f64) {
    /// 1/6 minus the nearest `f64`.
    const SIXTH_LOW: f64 = 9.25185853854297e-18;
    const SIXTH: f64 = 1.0 / 6.0;
    let cube = square * x;
    let cube_low = square_low.mul_add(x, square.mul_add(x, -cube));
    let term = cube * SIXTH;
    let term_low = cube.mul_add(SIXTH_LOW, cube_low.mul_add(SIXTH, cube.mul_add(SIXTH, -term)));
    let series = horner(square, [1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362880.0, -1.0 / 39916800.0, 1.0 / 6227020800.0]);
    let high = x - term;
    let low = (x - high) - term;
    (high, low + (cube * square).mul_add(series, -term_low))
}

/// 1 - x²/2 + x⁴/24 - ..., the square's term in two parts and the rest, which is below 2⁻¹², in one.
#[inline(always)]
fn cos_parts(square: f64, square_low: f64) -> (f64, f64) {
    let series = horner(
        square,
        [1.0 / 24.0, -1.0 / 720.0, 1.0 / 40320.0, -1.0 / 3628800.0, 1.0 / 479001600.0, -1.0 / 87178291200.0],
    );
    let term = 0.5 * square;
    let high = 1.0 - term;
    let low = (1.0 - high) - term;
    (high, 0.5f64.mul_add(-square_low, (square * square).mul_add(series, low)))
}

#[inline(always)]
fn horner<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    coefficients.into_iter().rev().reduce(|sum, coefficient| sum.mul_add(x, coefficient)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
