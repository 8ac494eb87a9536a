//! How far the solver goes along one direction: MuJoCo's exact line search.
//!
//! Along a line the cost is a parabola that changes wherever a limit starts or ceases to push. Newton's method on the
//! derivative nearly always arrives in one step; else a minimum is bracketed and the bracket narrowed.

use super::problem::{Point, Problem, dot, norm};

const MAX_EVALUATIONS: usize = 50;
const MIN_LENGTH: f64 = 1e-15;

/// Where a line search ended.
pub struct Found {
    /// The length of the step; 0 where no step lowers the cost.
    pub alpha: f64,
    /// By how much the step lowers the cost.
    pub improvement: f64,
}

const NOWHERE: Found = Found { alpha: 0.0, improvement: 0.0 };

/// A point on the line: the cost there minus the cost at its start, and its first and second derivative.
#[derive(Clone, Copy)]
struct Trial {
    alpha: f64,
    cost: f64,
    slope: f64,
    curvature: f64,
}

impl Trial {
    /// Where Newton's method goes from here.
    fn newton(&self) -> f64 {
        self.alpha - self.slope / self.curvature
    }

    fn found(&self) -> Found {
        Found { alpha: self.alpha, improvement: -self.cost }
    }
}

/// The cost along the line: a parabola of the free motion, and one of each limit (coefficients from constant to square).
struct Line {
    free: [f64; 3],
    limits: [[f64; 3]; 2],
    residual: [f64; 2],
    slope_of_residual: [f64; 2],
    evaluations: usize,
}

impl Line {
    fn new(problem: &Problem, start: &Point, search: [f64; 2]) -> Self {
        let force = problem.dynamics.times_inertia(search);
        let slope_of_residual = [0, 1].map(|joint| problem.limits[joint].jacobian * search[joint]);
        let limits = [0, 1].map(|joint| {
            let (residual, slope, stiffness) =
                (start.residual[joint], slope_of_residual[joint], problem.limits[joint].stiffness);
            let scaled = stiffness * residual;
            [residual * scaled * 0.5, slope * scaled, slope * stiffness * slope * 0.5]
        });
        let slope = dot(search, start.force) - dot(problem.dynamics.force, search);
        let free = [0.0, slope, 0.5 * dot(search, force)];
        Self { free, limits, residual: start.residual, slope_of_residual, evaluations: 0 }
    }

    fn at(&mut self, alpha: f64) -> Trial {
        self.evaluations += 1;
        let mut total = self.free;
        let mut cost = 0.0;
        for joint in 0..2 {
            let [constant, linear, square] = self.limits[joint];
            let at_start = if self.residual[joint] < 0.0 { constant } else { 0.0 };
            if self.residual[joint] + alpha * self.slope_of_residual[joint] < 0.0 {
                total[0] += constant - at_start;
                total[1] += linear;
                total[2] += square;
            } else {
                cost -= at_start;
            }
        }
        let [constant, linear, square] = total;
        cost += alpha * alpha * square + alpha * linear + constant;
        Trial { alpha, cost, slope: 2.0 * alpha * square + linear, curvature: 2.0 * square }
    }

    fn spent(&self) -> bool {
        self.evaluations >= MAX_EVALUATIONS
    }
}

/// The step from `start` along `search` at which the cost's slope is below `tolerance`.
pub fn line_search(problem: &Problem, start: &Point, search: [f64; 2], tolerance: f64) -> Found {
    if norm(search) < MIN_LENGTH {
        return NOWHERE;
    }
    let mut line = Line::new(problem, start, search);
    let accept = |trial: &Trial| trial.slope.abs() < tolerance && (trial.alpha == 0.0 || trial.cost < 0.0);

    let origin = line.at(0.0);
    let mut near = line.at(origin.newton());
    if accept(&near) {
        return near.found();
    }
    let mut far = origin;
    let direction = if near.slope < 0.0 { 1.0 } else { -1.0 };
    while near.slope * direction <= -tolerance && !line.spent() {
        far = near;
        near = line.at(near.newton());
        if accept(&near) {
            return near.found();
        }
    }
    narrow(&mut line, near, far, tolerance)
}

/// Narrows the bracket between two points whose slopes differ in sign.
fn narrow(line: &mut Line, mut near: Trial, mut far: Trial, tolerance: f64) -> Found {
    let mut beyond_far = near;
    let mut beyond_near = line.at(near.newton());
    while !line.spent() {
        let middle = line.at(0.5 * (near.alpha + far.alpha));
        let candidates = [beyond_near, beyond_far, middle];
        let flat = candidates.iter().filter(|trial| trial.slope.abs() < tolerance);
        if let Some(best) = flat.reduce(|best, trial| if trial.cost < best.cost { trial } else { best }) {
            return best.found();
        }
        let moved_near = tighten(&mut near, &candidates);
        if moved_near {
            beyond_near = line.at(near.newton());
        }
        let moved_far = tighten(&mut far, &candidates);
        if moved_far {
            beyond_far = line.at(far.newton());
        }
        if !moved_near && !moved_far {
            return middle.found();
        }
    }
    let best = if near.cost <= far.cost { near } else { far };
    if best.cost < 0.0 { best.found() } else { NOWHERE }
}

/// Replaces an end of the bracket by each candidate with a slope of the same sign that is nearer to zero.
fn tighten(end: &mut Trial, candidates: &[Trial; 3]) -> bool {
    let mut moved = false;
    for candidate in candidates {
        let nearer_from_below = end.slope < candidate.slope && candidate.slope < 0.0;
        let nearer_from_above = end.slope > candidate.slope && candidate.slope > 0.0;
        if nearer_from_below || nearer_from_above {
            *end = *candidate;
            moved = true;
        }
    }
    moved
}
