//! Which old pixels, with which weights, make a new one.

/// The old pixels that each new one covers, along one dimension.
#[derive(Clone, Debug)]
pub struct Taps {
    /// The first of them, for each new pixel.
    pub first: Vec<usize>,
    /// The weights of the first ones, of the second ones, ...: a new pixel that covers fewer has zeros.
    pub weights: Vec<Vec<f32>>,
}

impl Taps {
    /// The areas of `to` new pixels in `from` old ones.
    pub fn new(from: usize, to: usize) -> Self {
        // In units of 1 / `to` of an old pixel, new pixel `i` covers `i * from..(i + 1) * from`.
        let most = (0..to).map(|i| ((i + 1) * from).div_ceil(to) - i * from / to).max().unwrap_or(0);
        let first: Vec<_> = (0..to).map(|i| (i * from / to).min(from - most)).collect();
        let weight = |tap: usize, i: usize| {
            let (start, end) = ((first[i] + tap) * to, (first[i] + tap + 1) * to);
            let covered = end.min((i + 1) * from).saturating_sub(start.max(i * from));
            (covered as f64 / from as f64) as f32
        };
        let weights = (0..most).map(|tap| (0..to).map(|i| weight(tap, i)).collect()).collect();
        Self { first, weights }
    }

    /// How many new pixels there are.
    pub fn len(&self) -> usize {
        self.first.len()
    }
}

/// [`Taps`] for vectors: of three taps, padded to whole vectors of 16 new pixels, positions in bytes.
#[derive(Clone, Debug)]
pub struct Windows {
    /// As [`Taps::first`].
    pub first: Vec<u8>,
    /// As [`Taps::weights`].
    pub weights: [Vec<f32>; 3],
}

impl Windows {
    /// The vectors' form of the taps in rows of `from` old pixels, if it exists: rows of 64 to 256 pixels that become
    /// smaller, but not to less than half. Then 8 new pixels lie in 16 old ones, and 16 with all their taps in 64.
    pub fn new(from: usize, taps: &Taps) -> Option<Self> {
        if !(64..=256).contains(&from) || taps.len() * 2 < from || taps.len() >= from {
            return None;
        }
        let padded = taps.len().next_multiple_of(16);
        let mut first: Vec<_> = taps.first.iter().map(|first| u8::try_from(*first).ok()).collect::<Option<_>>()?;
        first.resize(padded, *first.last()?);
        let mut weights = taps.weights.clone();
        weights.resize(3, Vec::new());
        weights.iter_mut().for_each(|weights| weights.resize(padded, 0.0));
        Some(Self { first, weights: weights.try_into().ok()? })
    }
}
