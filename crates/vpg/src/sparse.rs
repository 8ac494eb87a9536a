//! Rows that are zero nearly everywhere, and their products with a layer's weights.
//!
//! Of the 6,400 cells of a Pong difference some tens are not zero. Adding the weights of just those costs a hundredth of
//! the dense product.

use envs::Element;
use rayon::prelude::*;
use tch::Tensor;

use crate::tensors::to_vec;

/// Rows in compressed form: cell `c` of row `r` stands in `cells[offsets[r]..offsets[r + 1]]`.
#[derive(Clone, Debug, Default)]
pub struct SparseRows {
    offsets: Vec<usize>,
    cells: Vec<Cell>,
}

/// A value that is not zero.
#[derive(Clone, Copy, Debug)]
struct Cell {
    column: u32,
    value: f32,
}

impl SparseRows {
    /// Of dense rows, each `columns` long.
    pub fn new<T: Element>(rows: &[T], columns: usize) -> Self {
        let mut sparse = Self { offsets: vec![0], cells: Vec::new() };
        for row in rows.chunks_exact(columns) {
            for_each_nonzero(row, |column, value| sparse.cells.push(Cell { column: column as u32, value }));
            sparse.offsets.push(sparse.cells.len());
        }
        sparse
    }

    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn row(&self, index: usize) -> &[Cell] {
        &self.cells[self.offsets[index]..self.offsets[index + 1]]
    }

    /// `(rows, columns) x (columns, outputs) + bias (outputs)`.
    pub fn affine(&self, weight: &Tensor, bias: &Tensor) -> Tensor {
        let outputs = bias.numel();
        let (weight, bias) = (to_vec(weight), to_vec(bias));
        let mut product = vec![0.0f32; self.len() * outputs];
        product.par_chunks_exact_mut(outputs).enumerate().for_each(|(index, sums)| {
            sums.copy_from_slice(&bias);
            for cell in self.row(index) {
                add_scaled(sums, &weight[cell.column as usize * outputs..], cell.value);
            }
        });
        Tensor::from_slice(&product).view([-1, outputs as i64])
    }

    /// The derivative of [`affine`](Self::affine) by the weight, `(columns, outputs)`, from that by its result,
    /// `(rows, outputs)`.
    pub fn weight_gradient(&self, gradient: &Tensor, columns: usize) -> Tensor {
        let outputs = gradient.size()[1] as usize;
        let gradient = to_vec(gradient);
        let mut sums = vec![0.0f32; columns * outputs];
        for (index, row_gradient) in gradient.chunks_exact(outputs).enumerate() {
            for cell in self.row(index) {
                let target = &mut sums[cell.column as usize * outputs..][..outputs];
                add_scaled(target, row_gradient, cell.value);
            }
        }
        Tensor::from_slice(&sums).view([columns as i64, outputs as i64])
    }
}

/// `target += factor * source`, as long as `target` is.
pub fn add_scaled(target: &mut [f32], source: &[f32], factor: f32) {
    for (sum, value) in target.iter_mut().zip(source) {
        *sum += factor * value;
    }
}

/// Calls `visit` with the index and value of each element that is not zero, in order.
pub fn for_each_nonzero<T: Element>(row: &[T], mut visit: impl FnMut(usize, f32)) {
    const BLOCK: usize = 64; // long enough for the compiler to test a whole block at once
    let zero = T::default();
    for (block_index, block) in row.chunks(BLOCK).enumerate() {
        if block.iter().fold(false, |any, &value| any | (value != zero)) {
            for (i, &value) in block.iter().enumerate().filter(|(_, value)| **value != zero) {
                visit(block_index * BLOCK + i, value.to_f64() as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use envs::NumpyRng;
    use tch::{Kind, Tensor};

    use super::*;

    /// Rows of -1, 0 and 1, most of them 0.
    fn rows(count: usize, columns: usize) -> Vec<i8> {
        let mut rng = NumpyRng::new(&1.into());
        (0..count * columns).map(|_| if rng.random() < 0.95 { 0 } else { rng.integers(-1, 2) as i8 }).collect()
    }

    #[test]
    fn products_and_gradients_are_those_of_the_dense_layer() {
        let (count, columns, outputs) = (37, 130, 16);
        let rows = rows(count, columns);
        let dense = Tensor::from_slice(&rows).to_kind(Kind::Float).view([count as i64, columns as i64]);
        tch::manual_seed(1);
        let weight = Tensor::randn([columns as i64, outputs], (Kind::Float, tch::Device::Cpu)).set_requires_grad(true);
        let bias = Tensor::randn([outputs], (Kind::Float, tch::Device::Cpu));

        let sparse = SparseRows::new(&rows, columns);
        let expected = dense.matmul(&weight) + &bias;
        let product = sparse.affine(&weight, &bias);
        assert!((&product - &expected).abs().max().double_value(&[]) < 1e-5);

        let loss = expected.square().sum(Kind::Float);
        let expected_gradient = &Tensor::run_backward(&[&loss], &[&weight], false, false)[0];
        let gradient = sparse.weight_gradient(&(expected.detach() * 2.0), columns);
        let error = (gradient - expected_gradient).abs().max() / expected_gradient.abs().max();
        assert!(error.double_value(&[]) < 1e-5);
    }
}
