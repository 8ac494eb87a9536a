//! NumPy's sine and cosine of an `f32`, which are not the C library's: a reduction by quarter turns in three parts
//! (Cody and Waite's) and a polynomial, each step a fused multiply-add, as on every processor with such an instruction.

use std::f32::consts::FRAC_2_PI;

/// Beyond this NumPy asks the C library.
const LARGEST: f32 = 71476.06;

/// -π/2 in three parts, the first of few bits.
const QUARTER: [f32; 3] = [f32::from_bits(0xbfc9_0fd8), -3.139_164_7e-7, -5.390_302_5e-15];

/// `numpy.sin` of a `numpy.float32`.
pub(crate) fn sin_f32(x: f32) -> f32 {
    if x.abs() > LARGEST || x.is_nan() { x.sin() } else { quarter_wave(x, 0) }
}

/// `numpy.cos` of a `numpy.float32`.
pub(crate) fn cos_f32(x: f32) -> f32 {
    if x.abs() > LARGEST || x.is_nan() { x.cos() } else { quarter_wave(x, 1) }
}

/// The sine of x plus `shift` quarter turns.
fn quarter_wave(x: f32, shift: i32) -> f32 {
    let quarters = (x * FRAC_2_PI).round_ties_even();
    let rest = QUARTER.into_iter().fold(x, |rest, part| quarters.mul_add(part, rest));
    let square = rest * rest;
    let quarters = quarters as i32 + shift;
    let value = if quarters & 1 == 0 { sine(rest, square) } else { cosine(square) };
    if quarters & 2 == 0 { value } else { -value }
}

fn sine(x: f32, square: f32) -> f32 {
    let series = horner(square, [2.840_409_7e-6, -1.985_649_1e-4, 8.333_397e-3, -1.666_666_7e-1, 0.0]);
    series.mul_add(x, x)
}

fn cosine(square: f32) -> f32 {
    horner(square, [2.437_226_6e-5, -1.388_652e-3, 4.166_662e-2, -0.5, 1.0])
}

/// The polynomial with these coefficients, that of the highest power first.
fn horner(x: f32, coefficients: [f32; 5]) -> f32 {
    coefficients.into_iter().reduce(|sum, coefficient| sum.mul_add(x, coefficient)).unwrap_or_default()
}
