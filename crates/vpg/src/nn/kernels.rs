//! Products, sums and activations of linear layers that give the same bits on every processor.
//!
//! Each sum has one order of additions and fuses each product with its addition. Vector instructions work on several sums
//! side by side and never split one, so their width decides nothing, and neither does the number of threads.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::simd::Level;

/// Rows whose sums stand in registers together.
const ROWS: usize = 6;
/// Terms that are added up in registers before they join the sum: long sums lose less to rounding, and the rows that they
/// read stay in the cache.
const BLOCK: usize = 256;
/// Multiplications that are worth a second thread.
const SHARED: usize = 1 << 18;

/// The left side of a product.
#[derive(Clone, Copy, Debug)]
pub enum Matrix<'a> {
    /// Rows of this length, one after the other.
    Rows(&'a [f32], usize),
    /// The transpose of such rows.
    Columns(&'a [f32], usize),
}

impl<'a> Matrix<'a> {
    /// The matrix without its first `row` rows.
    #[inline(always)]
    fn skip_rows(self, row: usize) -> Self {
        match self {
            Self::Rows(values, len) => Self::Rows(&values[row * len..], len),
            Self::Columns(values, len) => Self::Columns(&values[row..], len),
        }
    }
}

/// Adds `left (rows, terms) x right (terms, columns)` to `sums`, `(rows, columns)`.
pub fn add_product(level: Level, left: Matrix<'_>, right: &[f32], columns: usize, sums: &mut [f32]) {
    if sums.is_empty() || right.is_empty() {
        return;
    }
    let rows = sums.len() / columns;
    if sums.len() * (right.len() / columns) < SHARED {
        return level.run_kernel(Product { left, right, columns, sums });
    }
    let share = rows.div_ceil(2 * rayon::current_num_threads()).next_multiple_of(ROWS);
    sums.par_chunks_mut(share * columns).enumerate().for_each(|(i, sums)| {
        level.run_kernel(Product { left: left.skip_rows(i * share), right, columns, sums });
    });
}

struct Product<'a> {
    left: Matrix<'a>,
    right: &'a [f32],
    columns: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.columns > S::F32_LANES { self.add::<S, 2>(simd) } else { self.add::<S, 1>(simd) }
    }
}

impl Product<'_> {
    /// `V` vectors of a row's sums stand in registers together.
    #[inline(always)]
    fn add<S: Simd, const V: usize>(self, simd: S) {
        let Self { left, right, columns, sums } = self;
        let lanes = V * S::F32_LANES;
        let mut padded = Vec::new();
        for (block, right) in right.chunks(BLOCK * columns).enumerate() {
            let terms = Terms { left, first: block * BLOCK, count: right.len() / columns };
            let mut column = 0;
            while column + lanes <= columns {
                terms.add::<S, V>(simd, Panel { right: &right[column..], row: columns, column, lanes }, columns, sums);
                column += lanes;
            }
            if column < columns {
                padded.clear();
                padded.resize(terms.count * lanes, 0.0);
                for (padded, row) in padded.chunks_exact_mut(lanes).zip(right.chunks_exact(columns)) {
                    padded[..columns - column].copy_from_slice(&row[column..]);
                }
                let panel = Panel { right: &padded, row: lanes, column, lanes: columns - column };
                terms.add::<S, V>(simd, panel, columns, sums);
            }
        }
    }
}

/// A few columns of the right side: row `i` begins at `right[i * row]`.
#[derive(Clone, Copy)]
struct Panel<'a> {
    right: &'a [f32],
    row: usize,
    /// The first of the columns, and how many of the lanes are columns.
    column: usize,
    lanes: usize,
}

/// A block of terms of the left side.
#[derive(Clone, Copy)]
struct Terms<'a> {
    left: Matrix<'a>,
    first: usize,
    count: usize,
}

impl Terms<'_> {
    #[inline(always)]
    fn add<S: Simd, const V: usize>(self, simd: S, panel: Panel<'_>, columns: usize, sums: &mut [f32]) {
        for (i, sums) in sums.chunks_mut(ROWS * columns).enumerate() {
            let terms = Self { left: self.left.skip_rows(i * ROWS), ..self };
            match sums.len() / columns {
                1 => terms.add_tile::<S, V, 1>(simd, panel, columns, sums),
                2 => terms.add_tile::<S, V, 2>(simd, panel, columns, sums),
                3 => terms.add_tile::<S, V, 3>(simd, panel, columns, sums),
                4 => terms.add_tile::<S, V, 4>(simd, panel, columns, sums),
                5 => terms.add_tile::<S, V, 5>(simd, panel, columns, sums),
                _ => terms.add_tile::<S, V, ROWS>(simd, panel, columns, sums),
            }
        }
    }

    /// The sums of a few rows and columns, added to what is there.
    #[inline(always)]
    fn add_tile<S: Simd, const V: usize, const N: usize>(
        self,
        simd: S,
        panel: Panel<'_>,
        columns: usize,
        sums: &mut [f32],
    ) {
        let lanes = V * S::F32_LANES;
        let mut in_registers = [[simd.splat_f32s(0.0); V]; N];
        match self.left {
            Matrix::Rows(values, len) => {
                let mut rows = [&values[..0]; N];
                for (i, row) in rows.iter_mut().enumerate() {
                    *row = &values[i * len + self.first..][..self.count];
                }
                #[allow(clippy::needless_range_loop, reason = "a term is one of all rows, not a row")]
                for term in 0..self.count {
                    let right = S::as_simd_f32s(&panel.right[term * panel.row..][..lanes]).0;
                    for i in 0..N {
                        add_to(simd, &mut in_registers[i], right, rows[i][term]);
                    }
                }
            }
            Matrix::Columns(values, len) => {
                for term in 0..self.count {
                    let right = S::as_simd_f32s(&panel.right[term * panel.row..][..lanes]).0;
                    let factors = &values[(self.first + term) * len..][..N];
                    for i in 0..N {
                        add_to(simd, &mut in_registers[i], right, factors[i]);
                    }
                }
            }
        }
        for (sums, block) in sums.chunks_exact_mut(columns).zip(&in_registers) {
            let block: &[f32] = bytemuck::cast_slice(block);
            for (sum, block) in sums[panel.column..panel.column + panel.lanes].iter_mut().zip(block) {
                *sum += block;
            }
        }
    }
}

#[inline(always)]
fn add_to<S: Simd, const V: usize>(simd: S, sums: &mut [S::f32s; V], right: &[S::f32s], factor: f32) {
    let factor = simd.splat_f32s(factor);
    for (sum, right) in sums.iter_mut().zip(right) {
        *sum = simd.mul_add_f32s(factor, *right, *sum);
    }
}

/// The transpose `(columns, rows)` of a matrix `(rows, columns)`.
pub fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect()
}

/// Adds `factor` times `source` to `target`, which is as long.
#[inline(always)]
pub fn add_scaled(target: &mut [f32], source: &[f32], factor: f32) {
    for (sum, value) in target.iter_mut().zip(source) {
        *sum = factor.mul_add(*value, *sum);
    }
}

/// The hyperbolic tangent of each number, within 2e-7.
pub fn tanh(level: Level, values: &mut [f32]) {
    level.run(
        #[inline(always)]
        || values.iter_mut().for_each(|x| *x = tanh_of(*x)),
    );
}

/// (1 - e) / (1 + e) with e = exp(-2|x|), free of branches: the compiler works on several numbers at once, which the C
/// library's function does not, and on every processor with the same operations, which MKL's does not.
#[inline(always)]
fn tanh_of(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: added to a small number, it leaves its integer in the lowest bits
    const LN_2: f32 = std::f32::consts::LN_2;
    let exponent = (x.abs() * (-2.0 * std::f32::consts::LOG2_E)).clamp(-126.0, 0.0);
    let rounded = exponent + ROUND;
    let power_of_two = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    let rest = (exponent - (rounded - ROUND)) * LN_2; // at most ln 2 / 2, where seven terms of exp's series suffice
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let e = power_of_two * sum_of_powers(series, rest);
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

#[inline(always)]
fn sum_of_powers<const N: usize>(factors: [f32; N], x: f32) -> f32 {
    let mut sum = 0.0;
    for factor in factors {
        sum = sum * x + factor;
    }
    sum
}

#[cfg(test)]
mod tests {
    use envs::NumpyRng;

    use super::*;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = NumpyRng::new(&seed.into());
        (0..count).map(|_| rng.uniform(-1.0, 1.0) as f32).collect()
    }

    #[test]
    fn a_product_is_within_rounding_of_the_sum_in_double_precision() {
        for (rows, terms, columns) in [(1, 1, 1), (7, 300, 17), (5, 64, 2), (300, 13, 64), (2, 600, 16)] {
            let (left, right) = (numbers(rows * terms, 1), numbers(terms * columns, 2));
            let mut sums = numbers(rows * columns, 3);
            let before = sums.clone();
            add_product(Level::detected(), Matrix::Rows(&left, terms), &right, columns, &mut sums);
            for (index, sum) in sums.iter().enumerate() {
                let (i, j) = (index / columns, index % columns);
                let product = |k: usize| f64::from(left[i * terms + k]) * f64::from(right[k * columns + j]);
                let expected = f64::from(before[index]) + (0..terms).map(product).sum::<f64>();
                assert!((f64::from(*sum) - expected).abs() < 2e-5, "{rows} x {terms} x {columns}: {sum}, {expected}");
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits_of_products_transposes_and_activations() {
        let (rows, terms, columns) = (301, 517, 67);
        let (left, right) = (numbers(rows * terms, 1), numbers(terms * columns, 2));
        let results = Level::all().into_iter().map(|level| {
            let mut sums = vec![0.5; rows * columns];
            add_product(level, Matrix::Rows(&left, terms), &right, columns, &mut sums);
            let mut of_columns = vec![0.25; rows * columns];
            add_product(level, Matrix::Columns(&transposed(&left, terms), rows), &right, columns, &mut of_columns);
            tanh(level, &mut sums);
            [sums, of_columns].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        });
        let results: Vec<_> = results.collect();
        assert!(results.iter().all(|result| *result == results[0]));
    }

    #[test]
    fn tanh_is_within_its_bound() {
        let mut values: Vec<f32> = (-20_000..20_000).map(|i| i as f32 / 1000.0).collect();
        let exact: Vec<f64> = values.iter().map(|x| f64::from(*x).tanh()).collect();
        tanh(Level::detected(), &mut values);
        let worst = values.iter().zip(exact).map(|(x, exact)| (f64::from(*x) - exact).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst}");
    }
}
