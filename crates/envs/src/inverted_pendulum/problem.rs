//! What the constraint solver minimises, and a point on its way.

use super::{dynamics::Dynamics, limits::Limit};

/// What is minimised.
pub struct Problem<'a> {
    pub dynamics: &'a Dynamics,
    pub limits: &'a [Limit; 2],
    /// The acceleration without limits.
    pub free: [f64; 2],
}

impl Problem<'_> {
    pub fn cost(&self, acceleration: [f64; 2]) -> f64 {
        let residual = self.residual(acceleration);
        let force = self.dynamics.times_inertia(acceleration);
        let mut limits = 0.0;
        let mut gauss = 0.0;
        for joint in 0..2 {
            if residual[joint] < 0.0 {
                limits += 0.5 * self.limits[joint].stiffness * residual[joint] * residual[joint];
            }
            gauss += 0.5 * (force[joint] - self.dynamics.force[joint]) * (acceleration[joint] - self.free[joint]);
        }
        limits + gauss
    }

    /// How far each limit's acceleration is above its reference.
    fn residual(&self, acceleration: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|joint| self.limits[joint].jacobian * acceleration[joint] - self.limits[joint].reference)
    }
}

/// An acceleration and what follows from it. The linear terms are carried along, not computed anew: their rounding
/// is part of the result.
pub struct Point {
    pub acceleration: [f64; 2],
    /// The inertia matrix times the acceleration.
    pub force: [f64; 2],
    /// How far each limit's acceleration is above its reference: the limit pushes where this is negative.
    pub residual: [f64; 2],
    pub gradient: [f64; 2],
}

impl Point {
    pub fn new(problem: &Problem, acceleration: [f64; 2]) -> Self {
        let force = problem.dynamics.times_inertia(acceleration);
        let residual = problem.residual(acceleration);
        let mut point = Self { acceleration, force, residual, gradient: [0.0; 2] };
        point.update_gradient(problem);
        point
    }

    pub fn move_along(&mut self, problem: &Problem, search: [f64; 2], alpha: f64) {
        let force = problem.dynamics.times_inertia(search);
        for joint in 0..2 {
            self.acceleration[joint] += search[joint] * alpha;
            self.force[joint] += force[joint] * alpha;
            self.residual[joint] += problem.limits[joint].jacobian * search[joint] * alpha;
        }
        self.update_gradient(problem);
    }

    fn update_gradient(&mut self, problem: &Problem) {
        for (joint, active) in self.active().into_iter().enumerate() {
            let limit = &problem.limits[joint];
            let push = if active { -limit.stiffness * self.residual[joint] } else { 0.0 };
            self.gradient[joint] = self.force[joint] - problem.dynamics.force[joint] - limit.jacobian * push;
        }
    }

    pub fn active(&self) -> [bool; 2] {
        self.residual.map(|residual| residual < 0.0)
    }
}

pub fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

pub fn norm(a: [f64; 2]) -> f64 {
    dot(a, a).sqrt()
}
