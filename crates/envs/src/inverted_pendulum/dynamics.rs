//! The pendulum without its joint limits: masses, inertia and the smooth forces on both joints.
//!
//! Two joints: 0, the slider that carries the cart along the rail (m), and 1, the hinge of the pole (rad). The order of
//! the floating-point operations is MuJoCo's: composite rigid body algorithm for the inertia, recursive Newton-Euler for
//! the bias forces (R. Featherstone, *Rigid Body Dynamics Algorithms*, 2008), both about the whole model's centre of
//! mass. Rearranging a sum changes the last bit, and an unstable pole makes that visible within a few hundred steps.

/// Mass of the cart in kg: a capsule of radius 0.1 m and half-length 0.1 m, density 1000 kg/m³.
const CART_MASS: f64 = 10.47197551196598;
/// Mass of the pole in kg: a capsule of radius 0.049 m from (0, 0, 0) to (0.001, 0, 0.6), density 1000 kg/m³.
const POLE_MASS: f64 = 5.018591641363306;
/// Inertia of the slider: the mass of everything that it moves.
pub const SLIDER_INERTIA: f64 = CART_MASS + POLE_MASS;
/// The pole's moment of inertia about its own centre, across its axis, in kg m².
const POLE_INERTIA: f64 = 0.1887497668730885;
/// The pole's centre in the frame of its hinge (m): it leans by 1 mm in 600.
const POLE_CENTRE: (f64, f64) = (0.0005, 0.3);
/// The rotation that turns the z axis of the pole's inertia into the pole's own axis: w and y of a unit quaternion.
const INERTIA_TURN: (f64, f64) = (0.0008333324652792869, -0.9999996527784408);
const GRAVITY: f64 = 9.81;
/// Newtons on the slider per unit of control.
const GEAR: f64 = 100.0;

/// `inertia * acceleration = force`, the equation of motion where no limit acts.
#[derive(Clone, Copy, Debug)]
pub struct Dynamics {
    /// Off-diagonal element of the inertia matrix, whose first diagonal element is [`SLIDER_INERTIA`].
    pub coupling: f64,
    /// Second diagonal element: the hinge's inertia.
    pub hinge_inertia: f64,
    /// Actuator, damping, gravity, centrifugal and Coriolis forces on the slider (N) and the hinge (N m).
    pub force: [f64; 2],
}

impl Dynamics {
    /// The equation of motion at these joint positions and velocities, with `control` in [-3, 3] on the motor;
    /// `half_angle` has the sine and cosine of half the hinge's angle.
    #[inline(always)]
    pub fn new([x, _]: [f64; 2], [v, omega]: [f64; 2], half_angle: (f64, f64), control: f64) -> Self {
        // The pole's orientation: a unit quaternion about the y axis, and what is needed of its rotation matrix.
        let norm = (half_angle.1 * half_angle.1 + half_angle.0 * half_angle.0).sqrt();
        let scale = if (norm - 1.0).abs() > 1e-15 { 1.0 / norm } else { 1.0 };
        let (sin, cos) = (half_angle.0 * scale, half_angle.1 * scale);
        let (cos_theta, sin_theta) = (cos * cos - sin * sin, 2.0 * (cos * sin));

        // Centres of mass of the pole (x2, z2) and of the whole model.
        let x2 = (cos_theta * POLE_CENTRE.0 + sin_theta * POLE_CENTRE.1) + x;
        let z2 = -sin_theta * POLE_CENTRE.0 + cos_theta * POLE_CENTRE.1;
        const INVERSE_MASS: f64 = 1.0 / SLIDER_INERTIA;
        let centre_x = (x * CART_MASS + x2 * POLE_MASS) * INVERSE_MASS;
        let centre_z = (z2 * POLE_MASS) * INVERSE_MASS;

        // The pole's spatial inertia about the model's centre of mass: moment, and mass times offset.
        let (dx, dz) = (x2 - centre_x, z2 - centre_z);
        let turn_w = cos * INERTIA_TURN.0 - sin * INERTIA_TURN.1;
        let turn_y = cos * INERTIA_TURN.1 + sin * INERTIA_TURN.0;
        let square = turn_w * turn_w + turn_y * turn_y;
        let moment = square * (square * POLE_INERTIA) + POLE_MASS * (dx * dx + dz * dz);
        let (offset_x, offset_z) = (POLE_MASS * dx, POLE_MASS * dz);

        // The hinge's row of the inertia matrix; (arm_x, arm_z) leads from the hinge to the model's centre of mass.
        let (arm_x, arm_z) = (centre_x - x, centre_z);
        let moment_y = (moment + offset_z * arm_z) + offset_x * arm_x;
        let momentum_x = offset_z + POLE_MASS * arm_z;
        let momentum_z = -offset_x - POLE_MASS * arm_x;

        // Bias forces: what it takes to keep both joint accelerations at zero.
        let (velocity_x, velocity_z) = (v + arm_z * omega, -(arm_x * omega));
        let lift = GRAVITY + v * omega;
        let force_x = offset_z * omega + POLE_MASS * velocity_x;
        let force_z = -(offset_x * omega) + POLE_MASS * velocity_z;
        let bias_y = -(offset_x * lift) + (velocity_z * force_x - velocity_x * force_z);
        let bias_x = omega * force_z;
        let bias_z = POLE_MASS * lift - omega * force_x;

        Self {
            coupling: momentum_x,
            hinge_inertia: (moment_y + arm_z * momentum_x) - arm_x * momentum_z,
            force: [(-v - bias_x) + GEAR * control, -omega - ((bias_y + arm_z * bias_x) - arm_x * bias_z)],
        }
    }

    /// The inertia matrix times `acceleration`.
    #[inline]
    pub fn times_inertia(&self, [slider, hinge]: [f64; 2]) -> [f64; 2] {
        [SLIDER_INERTIA * slider + self.coupling * hinge, self.hinge_inertia * hinge + self.coupling * slider]
    }

    /// The acceleration that `force` alone causes: one solution by the factors L' D L of the inertia matrix.
    #[inline(always)]
    pub fn acceleration(&self, [slider, hinge]: [f64; 2]) -> [f64; 2] {
        let inverse_hinge = 1.0 / self.hinge_inertia;
        let lower = self.coupling * inverse_hinge;
        let inverse_slider = 1.0 / (SLIDER_INERTIA + self.coupling * (-self.coupling * inverse_hinge));
        let slider = (slider - lower * hinge) * inverse_slider;
        [slider, hinge * inverse_hinge - lower * slider]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mass and moment of inertia across the axis of a capsule with this radius and cylinder length, density 1000.
    fn capsule(radius: f64, length: f64) -> (f64, f64) {
        let mass = 1000.0 * std::f64::consts::PI * (radius.powi(2) * length + 4.0 / 3.0 * radius.powi(3));
        let caps = mass * 4.0 * radius / (4.0 * radius + 3.0 * length);
        let moment = (mass - caps) * (3.0 * radius.powi(2) + length.powi(2)) / 12.0
            + caps * (2.0 * radius.powi(2) / 5.0 + length * (3.0 * radius + 2.0 * length) / 8.0);
        (mass, moment)
    }

    #[test]
    fn the_constants_are_those_of_the_model_s_capsules() {
        let (cart, _) = capsule(0.1, 0.2);
        let (pole, inertia) = capsule(0.049, 0.6f64.hypot(0.001));
        for (constant, computed) in [(CART_MASS, cart), (POLE_MASS, pole), (POLE_INERTIA, inertia)] {
            assert!((constant / computed - 1.0).abs() < 1e-14, "{constant} is not {computed}");
        }
    }

    #[test]
    fn the_equation_of_motion_is_the_textbook_s() {
        let ([x, theta], [v, omega], control) = ([0.3, -0.7], [1.5, -2.0], 0.4);
        let dynamics = Dynamics::new([x, theta], [v, omega], (theta * 0.5).sin_cos(), control);
        let (cx, cz) = POLE_CENTRE;
        let coupling = POLE_MASS * (cz * theta.cos() - cx * theta.sin());
        let lever = POLE_MASS * (cz * theta.sin() + cx * theta.cos());
        let expected = [
            (dynamics.coupling, coupling),
            (dynamics.hinge_inertia, POLE_INERTIA + POLE_MASS * (cx * cx + cz * cz)),
            (dynamics.force[0], GEAR * control - v + lever * omega * omega),
            (dynamics.force[1], -omega + lever * GRAVITY),
        ];
        for (actual, expected) in expected {
            assert!((actual - expected).abs() < 1e-13, "{actual} is not {expected}");
        }
        let force = dynamics.times_inertia(dynamics.acceleration(dynamics.force));
        assert!((force[0] - dynamics.force[0]).abs() < 1e-12 && (force[1] - dynamics.force[1]).abs() < 1e-12);
    }
}
