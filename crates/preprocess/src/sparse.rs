//! Differences stored as the cells that are not zero.

use envs::Error;

use crate::{kernel::changes, mask::check_len};

/// Rows of -1, 0 and 1 of which only the cells that are not zero are stored, two bytes each: compressed sparse rows.
///
/// Some tens of the 6,400 cells of a Pong difference are not zero, so a row takes about a hundredth of its dense
/// form, and a layer's product with it is a sum of that many weight columns.
///
/// ```
/// use preprocess::SparseDifferences;
/// let mut rows = SparseDifferences::new();
/// rows.push_dense(&[0, 0, 1, 0, -1])?;
/// rows.push_dense(&[0, 0, 0, 0, 0])?;
/// let cells: Vec<_> = rows.row(0).iter().map(|cell| (cell.index(), cell.sign())).collect();
/// assert_eq!(cells, [(2, 1), (4, -1)]);
/// assert_eq!(rows.offsets(), [0, 2, 2]);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseDifferences {
    offsets: Vec<usize>,
    cells: Vec<SparseCell>,
}

/// A cell that is not zero: its index in the row in the lower 15 bits, the highest bit set for -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparseCell(u16);

const MINUS: u16 = 1 << 15;

impl SparseCell {
    fn new(index: usize, negative: bool) -> Self {
        Self(index as u16 | if negative { MINUS } else { 0 })
    }

    /// The most cells that a row can have.
    pub const MAX_LEN: usize = MINUS as usize;

    /// Which cell of the row it is.
    pub fn index(self) -> usize {
        usize::from(self.0 & !MINUS)
    }

    /// 1 or -1.
    pub fn sign(self) -> i8 {
        if self.0 & MINUS == 0 { 1 } else { -1 }
    }
}

impl Default for SparseDifferences {
    fn default() -> Self {
        Self::new()
    }
}

impl SparseDifferences {
    /// No rows.
    pub fn new() -> Self {
        Self { offsets: vec![0], cells: Vec::new() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all rows and keeps their memory for the next ones.
    pub fn clear(&mut self) {
        self.offsets.truncate(1);
        self.cells.clear();
    }

    /// The cells of a row that are not zero, in order.
    ///
    /// # Panics
    /// Where there is no such row, as a slice does.
    pub fn row(&self, index: usize) -> &[SparseCell] {
        &self.cells[self.offsets[index]..self.offsets[index + 1]]
    }

    /// Where each row begins in [`cells`](Self::cells), and where the last one ends: one number more than rows.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The cells of all rows, one row after the other.
    pub fn cells(&self) -> &[SparseCell] {
        &self.cells
    }

    /// Adds the row that [`difference`](crate::difference) of these masks is.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where the masks are not of one length, or a row has more than [`SparseCell::MAX_LEN`] cells.
    pub fn push_difference(&mut self, now: &[u8], earlier: &[u8]) -> Result<(), Error> {
        check_len("the earlier mask", earlier.len(), now.len())?;
        check_row_len(now.len() * 8)?;
        let words = now.chunks(8).zip(earlier.chunks(8)).map(|(now, earlier)| (word(now), word(earlier)));
        for (i, (now, earlier)) in words.enumerate() {
            self.cells.extend(changes(now, earlier).map(|(bit, sign)| SparseCell::new(i * 64 + bit, sign < 0)));
        }
        self.offsets.push(self.cells.len());
        Ok(())
    }

    /// Adds a row of cells of -1, 0 and 1, such as an environment's observation.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where it has more than [`SparseCell::MAX_LEN`] cells.
    pub fn push_dense(&mut self, row: &[i8]) -> Result<(), Error> {
        const BLOCK: usize = 64; // long enough that a block of zeros is passed in a few instructions
        check_row_len(row.len())?;
        for (i, block) in row.chunks(BLOCK).enumerate() {
            if block.iter().fold(0, |any, cell| any | cell) != 0 {
                let cells = block.iter().enumerate().filter(|(_, cell)| **cell != 0);
                self.cells.extend(cells.map(|(j, cell)| SparseCell::new(i * BLOCK + j, *cell < 0)));
            }
        }
        self.offsets.push(self.cells.len());
        Ok(())
    }

    /// Writes row `index` as its dense form.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where the row has a cell beyond the end of `out`; nothing is written then.
    ///
    /// # Panics
    /// Where there is no such row, as a slice does.
    pub fn write_dense(&self, index: usize, out: &mut [i8]) -> Result<(), Error> {
        let row = self.row(index);
        let len = row.last().map_or(0, |cell| cell.index() + 1);
        check_len("the dense row", out.len().min(len), len)?;
        out.fill(0);
        for cell in row {
            out[cell.index()] = cell.sign();
        }
        Ok(())
    }
}

fn check_row_len(len: usize) -> Result<(), Error> {
    check_len("a row of sparse differences", len, len.min(SparseCell::MAX_LEN))
}

/// Up to eight bytes as a word, the first the lowest.
fn word(bytes: &[u8]) -> u64 {
    match bytes.try_into() {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}
