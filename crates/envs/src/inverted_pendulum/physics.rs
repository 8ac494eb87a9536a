//! The pendulum in time: forward dynamics in the four stages of a Runge-Kutta method.

use serde::{Deserialize, Serialize};

use super::{
    dynamics::Dynamics,
    limits::{beyond_range, limits},
    newton::constrained_acceleration,
};
use crate::vector::{
    lanes::any,
    math::{Library, Math},
};

const TIME_STEP: f64 = 0.02;
/// Time steps per step of the environment.
const FRAME_SKIP: usize = 2;
const MAX_CONTROL: f64 = 3.0;
/// The weights of the four stages' derivatives.
const WEIGHTS: [f64; 4] = [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0];

/// The state of cart and pole, at rest in the middle by default: index 0 is the slider (m, m/s), 1 the hinge (rad, rad/s).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    pub position: [f64; 2],
    pub velocity: [f64; 2],
    /// The acceleration from which the constraint solver starts: the last stage's of the time step before.
    pub warm_start: [f64; 2],
}

impl Motion {
    /// From x, θ, their velocities and the warm start.
    pub fn from_numbers([x, theta, v, omega, slider, hinge]: [f64; 6]) -> Self {
        Self { position: [x, theta], velocity: [v, omega], warm_start: [slider, hinge] }
    }

    /// One step of the environment (0.04 s) with `control` on the motor, clamped to ±3; NaN acts as 0.
    pub fn simulate(&mut self, control: f64) {
        let mut motions = Motions::from([*self]);
        motions.simulate::<Library>([control]);
        *self = motions.of(0);
    }

    /// Both joints' acceleration where a limit may act.
    #[cold]
    #[inline(never)]
    fn limited_acceleration(&self, half_angle: (f64, f64), control: f64) -> [f64; 2] {
        let dynamics = Dynamics::new(self.position, self.velocity, half_angle, control);
        let free = dynamics.acceleration(dynamics.force);
        constrained_acceleration(&dynamics, &limits(self.position, self.velocity), free, self.warm_start)
    }
}

/// `N` pendulums side by side: joint first, then pendulum.
#[derive(Clone, Copy)]
pub struct Motions<const N: usize> {
    pub position: [[f64; N]; 2],
    pub velocity: [[f64; N]; 2],
    pub warm_start: [[f64; N]; 2],
}

impl<const N: usize> Motions<N> {
    /// Pendulum `i` by itself.
    pub fn of(&self, i: usize) -> Motion {
        let [position, velocity, warm_start] =
            [self.position, self.velocity, self.warm_start].map(|joints| joints.map(|numbers| numbers[i]));
        Motion { position, velocity, warm_start }
    }

    fn set(&mut self, i: usize, motion: Motion) {
        for joint in 0..2 {
            self.position[joint][i] = motion.position[joint];
            self.velocity[joint][i] = motion.velocity[joint];
            self.warm_start[joint][i] = motion.warm_start[joint];
        }
    }

    /// One step of the environments, as [`Motion::simulate`].
    ///
    /// Like MuJoCo, a pendulum begins anew from the origin, with no control, where its state is too wild to go on.
    #[inline(always)]
    pub fn simulate<M: Math>(&mut self, controls: [f64; N]) {
        let mut controls = controls.map(|control| match control.is_nan() {
            true => 0.0,
            false => control.clamp(-MAX_CONTROL, MAX_CONTROL),
        });
        for _ in 0..FRAME_SKIP {
            let mut acceleration = self.acceleration::<M>(&self.position, &self.velocity, &controls);
            let wild = any_wild(&[self.position, self.velocity, acceleration]);
            if any(&wild) {
                for i in (0..N).filter(|&i| wild[i]) {
                    self.set(i, Motion::default());
                    controls[i] = 0.0;
                }
                acceleration = self.acceleration::<M>(&self.position, &self.velocity, &controls);
            }
            self.advance::<M>(acceleration, &controls);
        }
    }

    /// One time step (0.02 s), given the acceleration at its start.
    #[inline(always)]
    fn advance<M: Math>(&mut self, acceleration: [[f64; N]; 2], controls: &[f64; N]) {
        let mut velocities = [self.velocity; 4];
        let mut accelerations = [acceleration; 4];
        for (stage, fraction) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
            let (velocity, acceleration) = (velocities[stage - 1], accelerations[stage - 1]);
            let mut position = self.position;
            for joint in 0..2 {
                for i in 0..N {
                    position[joint][i] += TIME_STEP * (fraction * velocity[joint][i]);
                    velocities[stage][joint][i] += (fraction * acceleration[joint][i]) * TIME_STEP;
                }
            }
            accelerations[stage] = self.acceleration::<M>(&position, &velocities[stage], controls);
        }
        for joint in 0..2 {
            for i in 0..N {
                self.velocity[joint][i] += TIME_STEP * weighted(|stage| accelerations[stage][joint][i]);
                self.position[joint][i] += TIME_STEP * weighted(|stage| velocities[stage][joint][i]);
            }
        }
        self.warm_start = accelerations[3];
    }

    #[inline(always)]
    fn acceleration<M: Math>(
        &self,
        position: &[[f64; N]; 2],
        velocity: &[[f64; N]; 2],
        controls: &[f64; N],
    ) -> [[f64; N]; 2] {
        let half_angle = M::sin_cos(&position[1].map(|theta| theta * 0.5));
        let mut free = [[0.0; N]; 2];
        let mut limited = [false; N];
        for i in 0..N {
            let (position, velocity) = ([position[0][i], position[1][i]], [velocity[0][i], velocity[1][i]]);
            let dynamics = Dynamics::new(position, velocity, (half_angle.0[i], half_angle.1[i]), controls[i]);
            [free[0][i], free[1][i]] = dynamics.acceleration(dynamics.force);
        }
        for i in 0..N {
            limited[i] = beyond_range([position[0][i], position[1][i]]);
        }
        if any(&limited) {
            for i in (0..N).filter(|&i| limited[i]) {
                let half_angle = (half_angle.0[i], half_angle.1[i]);
                let motion = Motions { position: *position, velocity: *velocity, ..*self }.of(i);
                [free[0][i], free[1][i]] = motion.limited_acceleration(half_angle, controls[i]);
            }
        }
        free
    }
}

impl<const N: usize> From<[Motion; N]> for Motions<N> {
    fn from(motions: [Motion; N]) -> Self {
        let zero = [[0.0; N]; 2];
        let mut all = Self { position: zero, velocity: zero, warm_start: zero };
        motions.into_iter().enumerate().for_each(|(i, motion)| all.set(i, motion));
        all
    }
}

#[inline(always)]
fn weighted(of_stage: impl Fn(usize) -> f64) -> f64 {
    ((WEIGHTS[0] * of_stage(0) + WEIGHTS[1] * of_stage(1)) + WEIGHTS[2] * of_stage(2)) + WEIGHTS[3] * of_stage(3)
}

/// Which pendulums have a number that MuJoCo regards as a sign of a simulation gone wrong.
#[inline(always)]
fn any_wild<const N: usize>(numbers: &[[[f64; N]; 2]; 3]) -> [bool; N] {
    let mut wild = [false; N];
    for numbers in numbers.as_flattened() {
        for i in 0..N {
            wild[i] |= numbers[i].is_nan() | (numbers[i].abs() > 1e10);
        }
    }
    wild
}
