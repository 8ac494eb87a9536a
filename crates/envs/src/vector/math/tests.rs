use super::*;
use crate::{
    NumpyRng, Seed,
    vector::{
        lanes::LANES,
        simd::{Kernel, Level},
    },
};

type Lanes = [f64; LANES];

/// Sine, cosine and the quotient by 1.1 of many numbers.
struct All<'a>(&'a [Lanes]);

impl Kernel for All<'_> {
    type Output = Vec<[Lanes; 3]>;

    #[inline(always)]
    fn run<M: Math>(self) -> Self::Output {
        let all = |x: &Lanes| {
            let (sin, cos) = M::sin_cos(x);
            [sin, cos, x.map(|x| M::over_1_1(x))]
        };
        self.0.iter().map(all).collect()
    }
}

fn bits(results: &[[Lanes; 3]]) -> Vec<u64> {
    results.as_flattened().as_flattened().iter().map(|number| number.to_bits()).collect()
}

/// Compares every instruction set of this processor with the C library and the division.
fn compare(numbers: &[Lanes]) {
    let expected = All(numbers).run::<Library>();
    for level in Level::available() {
        let results = level.run(All(numbers));
        if bits(&results) != bits(&expected) {
            let differs = |(ours, theirs): &(&[Lanes; 3], &[Lanes; 3])| bits(&[**ours]) != bits(&[**theirs]);
            let first = results.iter().zip(&expected).position(|pair| differs(&pair)).unwrap();
            panic!("{level:?}: {:?} gives {:?} instead of {:?}", numbers[first], results[first], expected[first]);
        }
    }
}

fn random(seed: u64, count: usize, number: impl Fn(&mut NumpyRng) -> f64) -> Vec<Lanes> {
    let mut rng = NumpyRng::new(&Seed::from(seed));
    (0..count).map(|_| [(); LANES].map(|()| number(&mut rng))).collect()
}

#[test]
fn every_instruction_set_gives_the_bits_of_the_c_library() {
    compare(&random(0, 50_000, |rng| rng.uniform(-0.26, 0.26)));
    compare(&random(4, 50_000, |rng| rng.uniform(-0.87, 0.87)));
    compare(&random(1, 10_000, |rng| rng.uniform(-1e-4, 1e-4)));
    compare(&random(2, 10_000, |rng| rng.uniform(-100.0, 100.0)));
    compare(&random(3, 10_000, |rng| 0.25 * 2f64.powf(rng.uniform(-500.0, 500.0))));
    compare(&[
        [0.0, 3e-275, 1e-200, -1e-160, 1e-8, -1e-3, 2f64.powi(-26), -2f64.powi(-27)],
        [0.25, -0.25, 0.25f64.next_down(), 0.126, 1e100, -1e200, 0.5, 1.0],
    ]);
}

/// What wide angles and powers give.
struct Wide<'a>(&'a [Lanes]);

impl Kernel for Wide<'_> {
    type Output = Vec<[Lanes; 5]>;

    #[inline(always)]
    fn run<M: Math>(self) -> Self::Output {
        let all = |x: &Lanes| {
            let (sin, cos) = M::sin_cos_wide(x);
            let torques = x.map(|x| (x % 2.0) as f32);
            let squares = M::square_f32(&torques).map(f64::from);
            [sin, cos, M::cos_wide(x), M::square(x), squares]
        };
        self.0.iter().map(all).collect()
    }
}

fn compare_wide(numbers: &[Lanes]) {
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    let expected = Wide(numbers).run::<Library>();
    for level in Level::available() {
        for ((x, ours), theirs) in numbers.iter().zip(level.run(Wide(numbers))).zip(&expected) {
            for (which, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                assert_eq!(ours.map(bits), theirs.map(bits), "{level:?}: function {which} of {x:?}");
            }
        }
    }
}

#[test]
fn wide_angles_and_squares_have_the_bits_of_the_c_library() {
    for (seed, width) in [(0, 0.8), (1, 4.0), (2, 100.0), (3, 600.0), (4, 1e-3), (5, 1e7), (9, 1.2e8)] {
        compare_wide(&random(seed, 40_000, |rng| rng.uniform(-width, width)));
    }
    compare_wide(&random(6, 10_000, |rng| 2f64.powf(rng.uniform(-500.0, 500.0))));
    let quarter = std::f64::consts::FRAC_PI_2;
    compare_wide(&random(7, 10_000, |rng| rng.integers(-300, 300) as f64 * quarter + rng.uniform(-1e-9, 1e-9)));
    compare_wide(&[
        [0.0, -0.0, quarter, -quarter, 2.0 * quarter, 1e300, f64::INFINITY, f64::NAN],
        [1e-300, -1e-200, 5e-324, 105414350.0, 105414357.0, -1e-155, 0.85546875, 2.426265],
        [0.126, 0.126f64.next_down(), 0.85546875f64.next_down(), 2.42626, 3.0 * quarter, 0.785, 0.786, 2.357],
    ]);
}

#[test]
fn the_remainder_of_a_turn_is_exact() {
    let mut rng = NumpyRng::new(&Seed::from(8));
    let turn = std::f64::consts::TAU;
    let near = (0..100_000).map(|_| rng.integers(-100, 100) as f64 * turn + rng.uniform(-1e-12, 1e-12));
    let numbers: Vec<f64> = near.chain([0.0, -0.0, turn, -turn, -1e-300, 1e-300, 1e9, -1e9, f64::NAN]).collect();
    let mut rng = NumpyRng::new(&Seed::from(9));
    for x in numbers.into_iter().chain((0..100_000).map(|_| rng.uniform(-2000.0, 2000.0))) {
        let ([ours], [exact]) = (Fused::modulo_turn(&[x]), Library::modulo_turn(&[x]));
        assert!(ours.to_bits() == exact.to_bits() || (ours.is_nan() && exact.is_nan()), "{x}: {ours} {exact}");
    }
}

#[test]
#[ignore = "takes minutes: every number from 2^-60 to 2 and two billion others"]
fn many_wide_angles_and_every_torque_have_the_bits_of_the_c_library() {
    let (first, last) = (f32::to_bits(2f32.powi(-60)), f32::to_bits(2.0));
    for start in (first..=last).step_by(8) {
        let torques = std::array::from_fn(|i| f32::from_bits(start + i as u32));
        for level in Level::available() {
            assert_eq!(level.run(Squares(&torques)), torques.map(library_square_f32), "{level:?}, {torques:?}");
        }
    }
    for seed in 0..2000 {
        let width = [4.0, 10.0, 80.0, 500.0][seed as usize % 4];
        compare_wide(&random(seed, 125_000, |rng| rng.uniform(-width, width)));
    }
}

struct Squares<'a>(&'a [f32; LANES]);

impl Kernel for Squares<'_> {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<M: Math>(self) -> [f32; LANES] {
        M::square_f32(self.0)
    }
}

#[test]
fn the_sine_of_a_negative_zero_is_one() {
    for level in Level::available() {
        let [sin, cos, _] = level.run(All(&[[-0.0; LANES]]))[0];
        assert!(sin.iter().all(|sin| sin.to_bits() == (-0f64).to_bits()) && cos == [1.0; LANES], "{level:?}");
    }
}

#[test]
fn this_machines_library_is_the_one_of_the_table() {
    assert!(cfg!(not(target_env = "gnu")) || table().knows(0.1), "sines and cosines are slow here");
}

#[test]
#[ignore = "takes minutes: two billion numbers"]
fn two_billion_numbers_have_the_bits_of_the_c_library() {
    for seed in 0..2000 {
        let width = [0.25, 0.05, 0.126, 0.21][seed as usize % 4];
        compare(&random(seed, 125_000, |rng| rng.uniform(-width, width)));
    }
}
