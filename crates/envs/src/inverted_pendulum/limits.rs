//! The ends of the rail and the stops of the hinge, as MuJoCo's soft constraints.
//!
//! A joint beyond its range is pulled back towards a reference acceleration, through a row of impedance `stiffness`:
//! see *Constraint model* in the chapter *Computation* of MuJoCo's documentation. Each joint can be beyond one end only.

/// Where the joints' ranges end, on either side: m and rad.
const RANGE: [f64; 2] = [1.0, std::f64::consts::FRAC_PI_2];
/// The diagonal of the inverse inertia matrix in the initial pose, which scales a row's regularisation.
const INVERSE_WEIGHT: [f64; 2] = [0.08367433805859587, 2.023912919848819];
/// Impedance at the end of the range, far beyond it, and the depth (m or rad) at which it is fully there:
/// `solimp` by default.
const IMPEDANCE: (f64, f64, f64) = (0.9, 0.95, 0.001);
/// Stiffness and damping of the reference acceleration, from `solref`: critically damped, with a time constant of
/// two time steps (0.04 s).
const STIFFNESS: f64 = 1.0 / (0.95 * 0.95 * 0.04 * 0.04);
const DAMPING: f64 = 2.0 / (0.95 * 0.04);

/// One joint's limit as a row of the constraint problem. All zeros where the joint is within its range: such a row
/// exerts no force.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limit {
    /// The row's one element of the constraint Jacobian: 1 at the lower end, -1 at the upper one.
    pub jacobian: f64,
    /// The inverse of the regularisation: force per difference from the reference acceleration.
    pub stiffness: f64,
    /// The acceleration away from the limit below which the limit pushes.
    pub reference: f64,
}

/// Whether any joint is beyond its range, so that a limit may act.
#[inline(always)]
pub fn beyond_range([x, theta]: [f64; 2]) -> bool {
    (x.abs() > RANGE[0]) | (theta.abs() > RANGE[1])
}

/// Both joints' limits at these positions and velocities.
#[inline]
pub fn limits(position: [f64; 2], velocity: [f64; 2]) -> [Limit; 2] {
    [0, 1].map(|joint| limit(joint, position[joint], velocity[joint]))
}

#[inline]
fn limit(joint: usize, position: f64, velocity: f64) -> Limit {
    let (below, above) = (RANGE[joint] + position, RANGE[joint] - position);
    if below < 0.0 {
        row(joint, 1.0, below, velocity)
    } else if above < 0.0 {
        row(joint, -1.0, above, velocity)
    } else {
        Limit::default()
    }
}

/// The row of a joint that is `distance` < 0 beyond an end.
fn row(joint: usize, jacobian: f64, distance: f64, velocity: f64) -> Limit {
    let impedance = impedance(distance);
    let regularisation = (1e-15f64).max((1.0 - impedance) * INVERSE_WEIGHT[joint] / impedance);
    Limit {
        jacobian,
        stiffness: 1.0 / regularisation,
        reference: -DAMPING * (jacobian * velocity) - (STIFFNESS * impedance) * distance,
    }
}

/// Rises with the depth, as two parabolas joined in the middle.
fn impedance(distance: f64) -> f64 {
    let (at_end, beyond, width) = IMPEDANCE;
    let x = distance.abs() / width;
    let rise = match x {
        1.0.. => return beyond,
        ..=0.5 => 2.0 * (x * x),
        _ => 1.0 - 2.0 * ((1.0 - x) * (1.0 - x)),
    };
    at_end + rise * (beyond - at_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_within_its_range_has_no_row() {
        assert_eq!(limits([1.0, -RANGE[1]], [5.0, -5.0]), [Limit::default(); 2]);
        assert_eq!(limits([f64::NAN, 0.0], [0.0, 0.0]), [Limit::default(); 2]);
        assert!(!beyond_range([1.0, -RANGE[1]]) && !beyond_range([f64::NAN, 0.0]));
    }

    #[test]
    fn a_limit_pushes_back_into_the_range() {
        for (position, jacobian) in [(-1.01, 1.0), (1.01, -1.0)] {
            assert!(beyond_range([position, 0.0]) && beyond_range([0.0, RANGE[1].next_up()]));
            let [slider, hinge] = limits([position, 0.0], [0.0, 0.0]);
            assert_eq!(slider.jacobian, jacobian);
            assert!(slider.reference > 0.0 && slider.stiffness > 0.0);
            assert_eq!(hinge, Limit::default());
        }
    }

    #[test]
    fn the_impedance_rises_without_a_jump() {
        assert_eq!([0.0, -0.0005, -0.001, -1.0].map(impedance), [0.9, 0.925, 0.95, 0.95]);
        assert!((impedance(-0.000_999_999) - 0.95).abs() < 1e-9);
    }
}
