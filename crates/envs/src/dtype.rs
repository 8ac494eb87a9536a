//! The element types of observations.

use std::fmt::{self, Display, Formatter};

/// The element types that observations have, as NumPy names them.
///
/// ```
/// use envs::{DType, Element};
/// assert_eq!(f32::DTYPE, DType::F32);
/// assert_eq!(DType::U8.to_string(), "uint8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// `uint8`: pictures and memory.
    U8,
    /// `int8`: differences of frames.
    I8,
    /// `int64`: whole numbers.
    I64,
    /// `float32`.
    F32,
    /// `float64`.
    F64,
}

impl Display for DType {
    /// NumPy's name of the type.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        })
    }
}
