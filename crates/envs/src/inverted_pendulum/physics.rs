//! The pendulum in time: forward dynamics in the four stages of a Runge-Kutta method.

use serde::{Deserialize, Serialize};

use super::{
    dynamics::Dynamics,
    limits::{Limit, limits},
    newton::constrained_acceleration,
};

const TIME_STEP: f64 = 0.02;
/// Time steps per step of the environment.
const FRAME_SKIP: usize = 2;
const MAX_CONTROL: f64 = 3.0;
/// The weights of the four stages' derivatives.
const WEIGHTS: [f64; 4] = [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0];

/// The state of cart and pole: index 0 is the slider (m, m/s), 1 the hinge (rad, rad/s).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    pub position: [f64; 2],
    pub velocity: [f64; 2],
    /// The acceleration from which the constraint solver starts: the last stage's of the time step before.
    pub warm_start: [f64; 2],
}

impl Motion {
    /// At rest from the solver's view: these positions and velocities after a reset.
    pub fn new(position: [f64; 2], velocity: [f64; 2]) -> Self {
        Self { position, velocity, warm_start: [0.0; 2] }
    }

    /// One step of the environment (0.04 s) with `control` on the motor, clamped to ±3; NaN acts as 0.
    ///
    /// Like MuJoCo, it begins anew from the origin, with no control, where the state is too wild to go on.
    pub fn simulate(&mut self, control: f64) {
        let mut control = if control.is_nan() { 0.0 } else { control.clamp(-MAX_CONTROL, MAX_CONTROL) };
        for _ in 0..FRAME_SKIP {
            let mut acceleration = self.acceleration(self.position, self.velocity, control);
            if [self.position, self.velocity, acceleration].as_flattened().iter().any(|&value| is_wild(value)) {
                *self = Self::default();
                control = 0.0;
                acceleration = self.acceleration(self.position, self.velocity, control);
            }
            self.advance(acceleration, control);
        }
    }

    /// One time step (0.02 s), given the acceleration at its start.
    fn advance(&mut self, acceleration: [f64; 2], control: f64) {
        let mut velocities = [self.velocity; 4];
        let mut accelerations = [acceleration; 4];
        for (stage, fraction) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
            let (velocity, acceleration) = (velocities[stage - 1], accelerations[stage - 1]);
            let position = [0, 1].map(|i| self.position[i] + TIME_STEP * (fraction * velocity[i]));
            velocities[stage] = [0, 1].map(|i| self.velocity[i] + (fraction * acceleration[i]) * TIME_STEP);
            accelerations[stage] = self.acceleration(position, velocities[stage], control);
        }
        for i in 0..2 {
            self.velocity[i] += TIME_STEP * weighted(accelerations.map(|stage| stage[i]));
            self.position[i] += TIME_STEP * weighted(velocities.map(|stage| stage[i]));
        }
        self.warm_start = accelerations[3];
    }

    #[inline]
    fn acceleration(&self, position: [f64; 2], velocity: [f64; 2], control: f64) -> [f64; 2] {
        let dynamics = Dynamics::new(position, velocity, control);
        let free = dynamics.acceleration(dynamics.force);
        let limits = limits(position, velocity);
        if limits == [Limit::default(); 2] {
            return free;
        }
        constrained_acceleration(&dynamics, &limits, free, self.warm_start)
    }
}

fn weighted(stages: [f64; 4]) -> f64 {
    (0..4).map(|i| WEIGHTS[i] * stages[i]).sum()
}

/// Whether MuJoCo regards the number as a sign of a simulation gone wrong.
fn is_wild(value: f64) -> bool {
    value.is_nan() || value.abs() > 1e10
}
