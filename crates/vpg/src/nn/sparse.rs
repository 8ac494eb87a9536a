//! Rows that are zero nearly everywhere, and their products with a layer's weights.
//!
//! Of the 6,400 cells of a Pong difference some tens are not zero. Adding the weights of just those costs a hundredth of
//! the dense product.

use envs::Element;
use rayon::prelude::*;
use tch::Tensor;

use super::{kernels::add_scaled, simd::Level, tensors::to_f32};

/// So many sums stay in registers while a list's cells are added to them.
const BLOCK: usize = 32;
/// Lists that one task works through at least.
const LISTS: usize = 64;

/// A sparse matrix, both by rows and by columns, so that every product writes each of its rows once.
#[derive(Clone, Debug)]
pub struct SparseRows {
    by_row: Compressed,
    by_column: Compressed,
}

/// Lists of cells: list `i` stands in `cells[offsets[i]..offsets[i + 1]]`.
#[derive(Clone, Debug)]
struct Compressed {
    offsets: Vec<usize>,
    cells: Vec<Cell>,
}

/// A value that is not zero, and its place in the other dimension.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    index: u32,
    value: f32,
}

impl Compressed {
    fn lists(&self) -> impl Iterator<Item = &[Cell]> {
        self.offsets.windows(2).map(|ends| &self.cells[ends[0]..ends[1]])
    }

    /// The cells, listed by the other dimension, of this length.
    fn transposed(&self, len: usize) -> Self {
        let mut offsets = vec![0; len + 1];
        for cell in &self.cells {
            offsets[cell.index as usize + 1] += 1;
        }
        for i in 0..len {
            offsets[i + 1] += offsets[i];
        }
        let (mut next, mut cells) = (offsets.clone(), vec![Cell::default(); self.cells.len()]);
        for (list, row) in self.lists().enumerate() {
            for cell in row {
                let place = &mut next[cell.index as usize];
                cells[*place] = Cell { index: list as u32, value: cell.value };
                *place += 1;
            }
        }
        Self { offsets, cells }
    }

    /// Adds to each list's row of `sums` the rows of `source`, `(other dimension, outputs)`, times the cells' values.
    fn add_product(&self, source: &[f32], outputs: usize, sums: &mut [f32]) {
        let (level, lists) = (Level::detected(), self.offsets.len() - 1);
        let share = lists.div_ceil(4 * rayon::current_num_threads()).max(LISTS);
        sums.par_chunks_mut(share * outputs).enumerate().for_each(|(i, sums)| {
            let offsets = &self.offsets[i * share..];
            level.run(
                #[inline(always)]
                || add_lists(offsets, &self.cells, (source, outputs), sums),
            );
        });
    }
}

/// [`Compressed::add_product`] for some lists.
#[inline(always)]
fn add_lists(offsets: &[usize], cells: &[Cell], (source, outputs): (&[f32], usize), sums: &mut [f32]) {
    for (ends, sums) in offsets.windows(2).zip(sums.chunks_exact_mut(outputs)) {
        let cells = &cells[ends[0]..ends[1]];
        for (block, sums) in sums.chunks_mut(BLOCK).enumerate() {
            let row = |cell: &Cell| &source[cell.index as usize * outputs + block * BLOCK..];
            match <&mut [f32; BLOCK]>::try_from(&mut *sums) {
                Ok(sums) => {
                    let mut in_registers = *sums;
                    for cell in cells {
                        add_scaled(&mut in_registers, &row(cell)[..BLOCK], cell.value);
                    }
                    *sums = in_registers;
                }
                Err(_) => {
                    for cell in cells {
                        add_scaled(sums, row(cell), cell.value);
                    }
                }
            }
        }
    }
}

/// The cells of dense rows, each `columns` long, that are not zero.
#[inline(always)]
fn nonzero_cells<T: Element>(rows: &[T], columns: usize) -> Compressed {
    let mut by_row = Compressed { offsets: vec![0], cells: Vec::new() };
    for row in rows.chunks_exact(columns) {
        for_each_nonzero(
            row,
            #[inline(always)]
            |column, value| by_row.cells.push(Cell { index: column as u32, value }),
        );
        by_row.offsets.push(by_row.cells.len());
    }
    by_row
}

impl SparseRows {
    /// Of dense rows, each `columns` long.
    pub fn new<T: Element>(rows: &[T], columns: usize) -> Self {
        let share = (rows.len() / columns).div_ceil(4 * rayon::current_num_threads()).max(LISTS);
        let level = Level::detected();
        let part = |rows: &[T]| {
            level.run(
                #[inline(always)]
                || nonzero_cells(rows, columns),
            )
        };
        let parts: Vec<Compressed> = rows.par_chunks(share * columns).map(part).collect();
        let mut by_row = Compressed { offsets: vec![0], cells: Vec::new() };
        for part in parts {
            let before = by_row.cells.len();
            by_row.offsets.extend(part.offsets[1..].iter().map(|end| before + end));
            by_row.cells.extend(part.cells);
        }
        Self { by_column: by_row.transposed(columns), by_row }
    }

    /// Only the rows with these indices.
    pub fn select(&self, indices: &[i64]) -> Self {
        let mut by_row = Compressed { offsets: vec![0], cells: Vec::new() };
        for &index in indices {
            let ends = &self.by_row.offsets[index as usize..index as usize + 2];
            by_row.cells.extend_from_slice(&self.by_row.cells[ends[0]..ends[1]]);
            by_row.offsets.push(by_row.cells.len());
        }
        Self { by_column: by_row.transposed(self.columns()), by_row }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.by_row.offsets.len() - 1
    }

    fn columns(&self) -> usize {
        self.by_column.offsets.len() - 1
    }

    /// The rows with all their zeros, `(rows, columns)`.
    pub fn to_dense(&self) -> Tensor {
        let columns = self.columns();
        let mut values = vec![0.0f32; self.len() * columns];
        for (row, cells) in values.chunks_exact_mut(columns).zip(self.by_row.lists()) {
            cells.iter().for_each(|cell| row[cell.index as usize] = cell.value);
        }
        Tensor::from_slice(&values).view([-1, columns as i64])
    }

    /// Adds `(rows, columns) x weight (columns, outputs)` to `sums`, `(rows, outputs)`.
    pub fn add_product(&self, weight: &[f32], outputs: usize, sums: &mut [f32]) {
        self.by_row.add_product(weight, outputs, sums);
    }

    /// The derivative of that product by the weight, `(columns, outputs)`, from that by its result, `(rows, outputs)`.
    pub fn weight_gradient(&self, gradient: &[f32], outputs: usize) -> Vec<f32> {
        let mut sums = vec![0.0; self.columns() * outputs];
        self.by_column.add_product(gradient, outputs, &mut sums);
        sums
    }
}

/// Calls `visit` with the index and value of each element that is not zero, in order.
#[inline(always)]
pub fn for_each_nonzero<T: Element>(row: &[T], mut visit: impl FnMut(usize, f32)) {
    const BLOCK: usize = 64; // long enough for the compiler to test a whole block at once
    let zero = T::default();
    for (block_index, block) in row.chunks(BLOCK).enumerate() {
        if block.iter().fold(false, |any, &value| any | (value != zero)) {
            for (i, &value) in block.iter().enumerate().filter(|(_, value)| **value != zero) {
                visit(block_index * BLOCK + i, to_f32(value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use envs::NumpyRng;
    use tch::{Kind, Tensor};

    use super::*;
    use crate::nn::tensors::to_vec;

    /// Rows of -1, 0 and 1, most of them 0.
    fn rows(count: usize, columns: usize) -> Vec<i8> {
        let mut rng = NumpyRng::new(&1.into());
        (0..count * columns).map(|_| if rng.random() < 0.95 { 0 } else { rng.integers(-1, 2) as i8 }).collect()
    }

    #[test]
    fn selected_rows_are_those_rows() {
        let rows = rows(5, 130);
        let selected = SparseRows::new(&rows, 130).select(&[3, 0]).to_dense();
        let expected: Vec<f32> = [&rows[3 * 130..4 * 130], &rows[..130]].concat().into_iter().map(f32::from).collect();
        assert_eq!(to_vec(&selected), expected);
    }

    #[test]
    fn products_and_gradients_are_those_of_the_dense_layer() {
        let (count, columns, outputs) = (37, 130, BLOCK as i64 + 8); // a whole block and a part of one
        let rows = rows(count, columns);
        let dense = Tensor::from_slice(&rows).to_kind(Kind::Float).view([count as i64, columns as i64]);
        tch::manual_seed(1);
        let weight = Tensor::randn([columns as i64, outputs], (Kind::Float, tch::Device::Cpu)).set_requires_grad(true);
        let bias = Tensor::randn([outputs], (Kind::Float, tch::Device::Cpu));

        let sparse = SparseRows::new(&rows, columns);
        let expected = dense.matmul(&weight) + &bias;
        let mut sums: Vec<f32> = (0..count).flat_map(|_| to_vec(&bias)).collect();
        sparse.add_product(&to_vec(&weight), outputs as usize, &mut sums);
        let product = Tensor::from_slice(&sums).view([count as i64, outputs]);
        assert!((&product - &expected).abs().max().double_value(&[]) < 1e-5);

        let loss = expected.square().sum(Kind::Float);
        let expected_gradient = &Tensor::run_backward(&[&loss], &[&weight], false, false)[0];
        let gradient = sparse.weight_gradient(&to_vec(&(expected.detach() * 2.0)), outputs as usize);
        let gradient = Tensor::from_slice(&gradient).view([columns as i64, outputs]);
        let error = (gradient - expected_gradient).abs().max() / expected_gradient.abs().max();
        assert!(error.double_value(&[]) < 1e-5);
    }
}
