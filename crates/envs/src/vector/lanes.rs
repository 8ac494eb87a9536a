//! Numbers of environments side by side, as loops that the compiler makes vector instructions of.

/// Environments that step in one instruction.
pub(crate) const LANES: usize = 8;

/// What `f` makes of each lane. `map` and `from_fn` of long arrays are functions of their own, compiled without the
/// instructions that a kernel is for.
#[inline(always)]
pub(crate) fn each<T: Copy, R: Copy + Default, const N: usize>(lanes: &[T; N], f: impl Fn(T) -> R) -> [R; N] {
    let mut results = [R::default(); N];
    for i in 0..N {
        results[i] = f(lanes[i]);
    }
    results
}

/// The places of the bits that are set.
pub(crate) fn set_bits(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        bits &= bits.checked_sub(1)?;
        Some(place)
    })
}

/// Numbers rounded to `f32`.
#[inline(always)]
pub(crate) fn narrowed<const N: usize>(numbers: &[f64; N]) -> [f32; N] {
    each(numbers, |number| number as f32)
}

/// Whether one of the lanes is true. (`contains` searches byte by byte.)
#[inline(always)]
pub(crate) fn any(lanes: &[bool]) -> bool {
    lanes.iter().fold(false, |any, lane| any | lane)
}
