//! Action and observation spaces.

use std::fmt::{self, Display, Formatter};

use crate::{DType, Error, NumpyRng};

/// A set of possible actions or observations.
///
/// ```
/// use envs::{Action, NumpyRng, Seed, Space};
/// let space = Space::discrete(2);
/// assert!(space.contains(Action::Discrete(1)));
/// assert!(!space.contains(Action::Discrete(2)));
/// let mut rng = NumpyRng::new(&Seed::from(7));
/// assert!(space.contains(space.sample(&mut rng).as_action()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Space {
    /// One of finitely many whole numbers.
    Discrete(Discrete),
    /// An array of bounded numbers.
    Box(BoxSpace),
}

/// The whole numbers from `start` to `start + n - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discrete {
    /// How many there are, at least 1.
    pub n: i64,
    /// The smallest.
    pub start: i64,
}

/// Arrays of one shape and type whose elements lie between bounds, both of which belong to the space.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxSpace {
    /// The shape, outermost dimension first.
    pub shape: Vec<usize>,
    /// The element type.
    pub dtype: DType,
    /// The bounds.
    pub bounds: Bounds,
}

/// The bounds of a [`BoxSpace`]; infinities mean unbounded.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// One low and one high bound for all elements.
    Same(f64, f64),
    /// Low and high of each element, in C order.
    Each(Vec<(f64, f64)>),
}

impl Space {
    /// The numbers 0 to `n - 1`.
    pub const fn discrete(n: i64) -> Self {
        Self::Discrete(Discrete { n, start: 0 })
    }

    /// Arrays of this shape with the same bounds for every element.
    pub fn boxed(shape: &[usize], dtype: DType, low: f64, high: f64) -> Self {
        Self::Box(BoxSpace { shape: shape.to_vec(), dtype, bounds: Bounds::Same(low, high) })
    }

    /// The shape of one element of the space: empty for a discrete one.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Discrete(_) => &[],
            Self::Box(space) => &space.shape,
        }
    }

    /// How many numbers one element of the space has: 1 for a discrete one.
    pub fn size(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether this action lies in the space. A NaN lies in no space.
    pub fn contains(&self, action: Action<'_>) -> bool {
        match (self, action) {
            (Self::Discrete(space), Action::Discrete(value)) => space.contains(value),
            (Self::Box(space), Action::Continuous(values)) => space.contains(values),
            _ => false,
        }
    }

    /// The action's numbers, or a typed error where it is not an array of the space's size: how environments read their
    /// continuous action. Bounds are not checked: what a number outside them means is the environment's own matter, as
    /// in Gymnasium.
    ///
    /// # Errors
    /// [`Error::InvalidAction`] where the action is not in the space.
    pub fn values<'a>(&self, action: Action<'a>) -> Result<&'a [f64], Error> {
        match (self, action) {
            (Self::Box(_), Action::Continuous(values)) if values.len() == self.size() => Ok(values),
            _ => Err(Error::InvalidAction { action: action.to_string(), expected: self.to_string() }),
        }
    }
}

impl Display for Space {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discrete(space) => Display::fmt(space, f),
            Self::Box(space) => write!(f, "an array of shape {:?}", space.shape),
        }
    }
}

impl Display for Discrete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let last = self.start.saturating_add(self.n.saturating_sub(1));
        write!(f, "a whole number from {} to {last}", self.start)
    }
}

impl Discrete {
    /// Whether `start <= value < start + n`.
    pub fn contains(&self, value: i64) -> bool {
        value >= self.start && (value.wrapping_sub(self.start) as u64) < self.n as u64
    }

    /// The index of this action from 0 on, or a typed error: how environments read their discrete action.
    pub fn index(&self, action: Action<'_>) -> Result<usize, Error> {
        match action {
            Action::Discrete(value) if self.contains(value) => Ok(value.wrapping_sub(self.start) as usize),
            _ => Err(Error::InvalidAction { action: action.to_string(), expected: self.to_string() }),
        }
    }
}

impl BoxSpace {
    /// Low and high of element `i`, in C order, as numbers of the element type.
    pub fn bounds_of(&self, i: usize) -> (f64, f64) {
        let (low, high) = match &self.bounds {
            Bounds::Same(low, high) => (*low, *high),
            Bounds::Each(each) => each[i],
        };
        match self.dtype {
            DType::F32 => (f64::from(low as f32), f64::from(high as f32)),
            _ => (low, high),
        }
    }

    /// Whether there are as many values as the shape has and all lie within the bounds.
    pub fn contains<T: Copy + Into<f64>>(&self, values: &[T]) -> bool {
        let inside = |(i, value): (usize, &T)| {
            let (low, high) = self.bounds_of(i);
            (low..=high).contains(&(*value).into())
        };
        values.len() == self.shape.iter().product::<usize>() && values.iter().enumerate().all(inside)
    }
}

/// An action, borrowed from the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action<'a> {
    /// An element of a discrete space.
    Discrete(i64),
    /// An element of a box space, in C order.
    Continuous(&'a [f64]),
}

impl Display for Action<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discrete(value) => write!(f, "{value}"),
            Self::Continuous(values) => write!(f, "{values:?}"),
        }
    }
}

/// A drawn element of a space.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Of a discrete space.
    Discrete(i64),
    /// Of a box space, in C order; each number is one of the space's element type.
    Box(Vec<f64>),
}

impl Sample {
    /// The sample as an action.
    pub fn as_action(&self) -> Action<'_> {
        match self {
            Self::Discrete(value) => Action::Discrete(*value),
            Self::Box(values) => Action::Continuous(values),
        }
    }
}

impl Space {
    /// A random element, as Gymnasium's `space.sample()` draws it after `space.seed(s)`, if `rng` is `NumpyRng::new(s)`.
    pub fn sample(&self, rng: &mut NumpyRng) -> Sample {
        match self {
            Self::Discrete(space) => Sample::Discrete(space.start.wrapping_add(rng.integers(0, space.n))),
            Self::Box(space) => Sample::Box(space.sample(rng)),
        }
    }
}

impl BoxSpace {
    /// One number an element: normal where unbounded, exponential from the bound on where one side is, else uniform.
    /// The kinds are drawn one after the other, which is the order Gymnasium draws in.
    fn sample(&self, rng: &mut NumpyRng) -> Vec<f64> {
        let mut sample = vec![0.0; self.shape.iter().product()];
        let whole = !matches!(self.dtype, DType::F32 | DType::F64);
        for kind in [(false, false), (true, false), (false, true), (true, true)] {
            for (i, value) in sample.iter_mut().enumerate() {
                let (low, high) = self.bounds_of(i);
                if (low.is_finite(), high.is_finite()) != kind {
                    continue;
                }
                // A whole number's interval reaches up to the next one.
                let end = if whole { high + 1.0 } else { high };
                *value = match kind {
                    (false, false) => rng.standard_normal(),
                    (true, false) => rng.standard_exponential() + low,
                    (false, true) => -rng.standard_exponential() + end,
                    (true, true) => rng.uniform(low, end),
                };
                match self.dtype {
                    DType::F32 => *value = f64::from(*value as f32),
                    DType::F64 => (),
                    DType::U8 | DType::I8 | DType::I64 => *value = value.floor().max(low).min(high),
                }
            }
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn a_discrete_space_takes_its_own_numbers_only() {
        let space = Discrete { n: 3, start: -1 };
        let inside: Vec<i64> = (-5..5).filter(|value| space.contains(*value)).collect();
        assert_eq!(inside, [-1, 0, 1]);
        assert_eq!(space.index(Action::Discrete(1)), Ok(2));
        for action in [Action::Discrete(2), Action::Discrete(i64::MIN), Action::Continuous(&[0.0])] {
            let error = space.index(action).unwrap_err().to_string();
            assert!(error.ends_with("expected a whole number from -1 to 1"), "{error}");
        }
        let whole = Discrete { n: i64::MAX, start: i64::MAX };
        assert!(whole.contains(i64::MAX) && !whole.contains(i64::MIN));
    }

    #[test]
    fn a_box_takes_what_lies_within_its_bounds_as_its_type_has_them() {
        let space = |dtype| Space::boxed(&[2], dtype, -0.1, 0.1);
        assert!(space(DType::F64).contains(Action::Continuous(&[-0.1, 0.1])));
        for outside in [&[0.0, 0.11][..], &[f64::NAN, 0.0], &[0.0], &[0.0; 3]] {
            assert!(!space(DType::F64).contains(Action::Continuous(outside)), "{outside:?}");
        }
        // The nearest f32 to 0.1 is a little above it.
        let float32 = [f64::from(0.1f32), 0.0];
        assert!(space(DType::F32).contains(Action::Continuous(&float32)));
        assert!(!space(DType::F64).contains(Action::Continuous(&float32)));
    }

    #[test]
    fn sampling_a_box_of_impossible_bounds_does_not_panic() {
        for (low, high) in [(1.0, 0.0), (f64::NAN, 0.0), (f64::MIN, f64::MAX), (f64::INFINITY, f64::NEG_INFINITY)] {
            for dtype in [DType::U8, DType::I8, DType::I64, DType::F32, DType::F64] {
                let sample = Space::boxed(&[2, 2], dtype, low, high).sample(&mut NumpyRng::new(&Seed::from(0)));
                assert!(matches!(sample, Sample::Box(values) if values.len() == 4));
            }
        }
    }
}
