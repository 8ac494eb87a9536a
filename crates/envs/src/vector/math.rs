//! The arithmetic of native environments, one by one or eight at once: the same bits either way.
//!
//! **Sine and cosine** are the C library's: [`Fused`] computes them by the operations of glibc's, in the module `table`.
//! Where this machine's library is another one it is called, as for the few numbers that the table is not for.
//!
//! **Squares** are the C library's `pow(x, 2)`, which is not always the nearest number to the product: where the product
//! is not within a small distance of the middle between two `f64`s, every implementation whose error is below half a unit
//! in the last place plus that distance rounds to the same number (the rounding test of A. Ziv, *Fast Evaluation of
//! Elementary Mathematical Functions with Correctly Rounded Last Bit*, 1991). glibc's `pow` promises an error of 0.009
//! units beyond one half, and 0.0015 more for the logarithm of a number from 1e-8 to 1e8 (comment on its worst case in
//! `e_pow.c`), and its `powf` was compared for every `f32` from 2⁻⁶⁰ to 2. The few remaining numbers go to the library
//! itself.

mod table;

use std::hint::black_box;

use self::table::table;
use super::lanes::set_bits;

/// What is computed differently where the processor has a fused multiply-add.
pub(crate) trait Math {
    /// The sine and cosine of each number.
    fn sin_cos<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]);

    /// The sine and cosine of each number, which may be many turns.
    fn sin_cos_wide<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]);

    /// The cosine of each number, which may be many turns.
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N];

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
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        x.map(f64::cos)
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
        let table = table();
        let (mut sin, mut cos) = ([0.0; N], [0.0; N]);
        let mut uncertain = 0;
        for i in 0..N {
            (sin[i], cos[i]) = table.sin_cos(x[i]);
            uncertain |= bit(i, !table.knows(x[i]));
        }
        if uncertain != 0 {
            ask_library(x, uncertain, &mut sin, &mut cos);
        }
        (sin, cos)
    }

    #[inline(always)]
    fn sin_cos_wide<const N: usize>(x: &[f64; N]) -> ([f64; N], [f64; N]) {
        let table = table();
        let (mut sin, mut cos) = ([0.0; N], [0.0; N]);
        let mut uncertain = 0;
        for i in 0..N {
            (sin[i], cos[i]) = table.sin_cos_wide(x[i]);
            uncertain |= bit(i, !table.knows_wide(x[i]));
        }
        if uncertain != 0 {
            ask_library(x, uncertain, &mut sin, &mut cos);
        }
        (sin, cos)
    }

    #[inline(always)]
    fn cos_wide<const N: usize>(x: &[f64; N]) -> [f64; N] {
        Self::sin_cos_wide(x).1
    }

    #[inline(always)]
    fn square<const N: usize>(x: &[f64; N]) -> [f64; N] {
        /// In units of the last place.
        const DISTANCE: f64 = 0.0105;
        let mut squares = [0.0; N];
        let mut uncertain = 0;
        for i in 0..N {
            let high = x[i] * x[i];
            let low = x[i].mul_add(x[i], -high);
            let power_of_two = f64::from_bits(high.to_bits() & 0x7ff << 52);
            let margin = power_of_two * (f64::EPSILON * DISTANCE);
            squares[i] = high;
            let ordinary = (x[i].abs() > 1e-8) & (x[i].abs() < 1e8);
            uncertain |= bit(i, !((high + (low - margin) == high + (low + margin)) & ordinary));
        }
        if uncertain != 0 {
            correct(x, uncertain, &mut squares, library_square);
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
        let mut uncertain = 0;
        for i in 0..N {
            let square = f64::from(x[i]) * f64::from(x[i]);
            let margin = square * (f64::from(f32::EPSILON) * DISTANCE);
            squares[i] = square as f32;
            let certain = ((square - margin) as f32 == (square + margin) as f32) & (x[i].abs() > SMALLEST);
            uncertain |= bit(i, !certain);
        }
        if uncertain != 0 {
            correct(x, uncertain, &mut squares, library_square_f32);
        }
        squares
    }

    /// The rest of a division by a whole quotient that is not too large is exact, and so is the fused one, which is rounded
    /// once where a turn is added, as the sum of Python's is.
    #[inline(always)]
    fn modulo_turn<const N: usize>(x: &[f64; N]) -> [f64; N] {
        const TURNS: f64 = 1.0 / TURN;
        let mut rests = [0.0; N];
        let mut uncertain = 0;
        for i in 0..N {
            let turns = (x[i] * TURNS).floor();
            let rest = turns.mul_add(-TURN, x[i]);
            let below = (turns - 1.0).mul_add(-TURN, x[i]);
            let above = (turns + 1.0).mul_add(-TURN, x[i]);
            let rest = if rest < 0.0 { below } else { rest };
            rests[i] = if above >= 0.0 { above } else { rest };
            let small = x[i].abs() < 1e6; // a NaN is not
            uncertain |= bit(i, !small);
        }
        if uncertain != 0 {
            correct(x, uncertain, &mut rests, library_modulo_turn);
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

/// The bit of lane `i`, if it is set.
#[inline(always)]
fn bit(i: usize, set: bool) -> u64 {
    u64::from(set) << i
}

/// Computes anew what is uncertain.
#[cold]
#[inline(never)]
fn correct<T: Copy, R, const N: usize>(x: &[T; N], uncertain: u64, results: &mut [R; N], exact: fn(T) -> R) {
    for i in set_bits(uncertain) {
        results[i] = exact(x[i]);
    }
}

#[cold]
#[inline(never)]
fn ask_library<const N: usize>(x: &[f64; N], uncertain: u64, sin: &mut [f64; N], cos: &mut [f64; N]) {
    for i in set_bits(uncertain) {
        (sin[i], cos[i]) = (x[i].sin(), x[i].cos());
    }
}

#[cfg(test)]
mod tests;
