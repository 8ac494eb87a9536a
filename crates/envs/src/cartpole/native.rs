//! Many cart-poles at once.

use super::{CartPole, FORCE, State, advance, outside};
use crate::{
    Info, NumpyRng,
    vector::{CheckedActions, batch::Native, math::Math},
};

impl Native<4, 4> for CartPole {
    type Action = i64;

    fn actions<'a>(actions: &'a CheckedActions<'_>) -> &'a [i64] {
        actions.discrete()
    }

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; 4],
        actions: &[i64; N],
    ) -> ([f64; N], [bool; N]) {
        let [x, v, theta, omega] = states;
        let (sin, cos) = M::sin_cos(theta);
        let (mut rewards, mut terminated) = ([0.0; N], [false; N]);
        for i in 0..N {
            let force = if actions[i] == 1 { FORCE } else { -FORCE };
            let state = advance::<M>([x[i], v[i], theta[i], omega[i]], (sin[i], cos[i]), force);
            [x[i], v[i], theta[i], omega[i]] = state;
            terminated[i] = outside(state);
            rewards[i] = self.reward(terminated[i], false);
        }
        (rewards, terminated)
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>(states: &[[f64; N]; 4]) -> [[f32; N]; 4] {
        states.map(|numbers| numbers.map(|number| number as f32))
    }

    #[inline(always)]
    fn info(&self, _reward: f64) -> Option<Info> {
        None
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 4] {
        let (low, high) = self.reset_bounds;
        [(); 4].map(|()| rng.uniform(low, high))
    }

    fn parts(&self) -> Option<(NumpyRng, [f64; 4], bool)> {
        self.state.as_ref().map(|State { rng, physics, ended }| (rng.clone(), *physics, *ended))
    }

    fn with_parts(&self, rng: NumpyRng, physics: [f64; 4], ended: bool) -> Self {
        Self { state: Some(State { rng, physics, ended }), ..self.clone() }
    }
}
