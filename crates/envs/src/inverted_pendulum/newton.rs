//! MuJoCo's constraint solver: Newton's method on the acceleration of both joints.
//!
//! The acceleration minimises a convex cost: the Gauss distance from the free motion plus a one-sided parabola for every
//! limit (see *Constraint solver* in the chapter *Computation* of MuJoCo's documentation). The iteration stops early, at
//! a tolerance of 1e-8 and in an exact order of tests that the resulting bits depend on; so the steps here are
//! MuJoCo's own and not those of a textbook.

use super::{
    dynamics::{Dynamics, SLIDER_INERTIA},
    limits::Limit,
    line_search::line_search,
    problem::{Point, Problem, dot, norm},
};

const TOLERANCE: f64 = 1e-8;
const MAX_ITERATIONS: usize = 100;
/// The smallest square on the diagonal of the factor.
const MIN_PIVOT: f64 = 1e-15;

/// Both joints' acceleration under `limits`, the search starting at `warm_start` where that is better than `free`,
/// the acceleration without limits.
pub fn constrained_acceleration(
    dynamics: &Dynamics,
    limits: &[Limit; 2],
    free: [f64; 2],
    warm_start: [f64; 2],
) -> [f64; 2] {
    let problem = Problem { dynamics, limits, free };
    let keep_free = problem.cost(warm_start) > problem.cost(free);
    let mut point = Point::new(&problem, if keep_free { free } else { warm_start });
    let scale = 1.0 / (SLIDER_INERTIA + dynamics.hinge_inertia);
    let small_gradient = |point: &Point| scale * norm(point.gradient) < TOLERANCE;
    let small_decrement = |point: &Point, step| (0.5 * scale * dot(point.gradient, step)).max(0.0) < TOLERANCE;

    if small_decrement(&point, dynamics.acceleration(point.gradient)) && small_gradient(&point) {
        return point.acceleration;
    }
    let mut factor = Factor::new(&problem, &point.active());
    let mut step = factor.solve(point.gradient);
    if small_gradient(&point) && 0.5 * scale * dot(point.gradient, step) < TOLERANCE {
        return point.acceleration;
    }
    for _ in 0..MAX_ITERATIONS {
        let search = step.map(|element| -element);
        let gradient_tolerance = TOLERANCE * 0.01 * norm(search) / scale;
        let found = line_search(&problem, &point, search, gradient_tolerance);
        if found.alpha == 0.0 {
            break;
        }
        let before = point.active();
        point.move_along(&problem, search, found.alpha);
        factor.update(&problem, before, point.active());
        step = factor.solve(point.gradient);
        let improvement = scale * found.improvement;
        if (0.0 < improvement && improvement < TOLERANCE) || small_gradient(&point) || small_decrement(&point, step) {
            break;
        }
    }
    point.acceleration
}

/// The Cholesky factor of the cost's second derivative: the inertia plus the stiffness of the active limits.
struct Factor {
    diagonal: [f64; 2],
    lower: f64,
}

impl Factor {
    fn new(problem: &Problem, active: &[bool; 2]) -> Self {
        let [slider, hinge] = [0, 1].map(|joint| if active[joint] { problem.limits[joint].stiffness } else { 0.0 });
        let first = (SLIDER_INERTIA + slider).max(MIN_PIVOT).sqrt();
        let lower = problem.dynamics.coupling * (1.0 / first);
        let second = (problem.dynamics.hinge_inertia + hinge - lower * lower).max(MIN_PIVOT).sqrt();
        Self { diagonal: [first, second], lower }
    }

    fn solve(&self, [first, second]: [f64; 2]) -> [f64; 2] {
        let [d0, d1] = self.diagonal;
        let first = first / d0;
        let second = (second - self.lower * first) / d1 / d1;
        [(first - self.lower * second) / d0, second]
    }

    /// Adds the limits that became active and removes those that ceased to be.
    fn update(&mut self, problem: &Problem, before: [bool; 2], active: [bool; 2]) {
        for joint in 0..2 {
            if before[joint] != active[joint] && !self.change(joint, &problem.limits[joint], active[joint]) {
                *self = Self::new(problem, &active);
                return;
            }
        }
    }

    /// A rank-one update (or downdate) by one limit; false where it broke down.
    fn change(&mut self, joint: usize, limit: &Limit, add: bool) -> bool {
        let sign = if add { 1.0 } else { -1.0 };
        let mut x = [0.0; 2];
        x[joint] = limit.jacobian * limit.stiffness.sqrt();
        let mut sound = true;
        let mut pivot = |diagonal: f64, x: f64| {
            let square = diagonal * diagonal + sign * (x * x);
            sound &= square >= MIN_PIVOT;
            square.max(MIN_PIVOT).sqrt()
        };
        if x[0] != 0.0 {
            let root = pivot(self.diagonal[0], x[0]);
            let (c, s) = (root / self.diagonal[0], x[0] / self.diagonal[0]);
            self.diagonal[0] = root;
            self.lower = (self.lower + sign * (s * x[1])) * (1.0 / c);
            x[1] = c * x[1] - s * self.lower;
        }
        if x[1] != 0.0 {
            self.diagonal[1] = pivot(self.diagonal[1], x[1]);
        }
        sound
    }
}
