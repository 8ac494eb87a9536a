//! Many pendulums at once.

use super::{
    InvertedPendulum, State,
    physics::{Motion, Motions},
    terminated,
};
use crate::{
    Info, NumpyRng,
    vector::{
        batch::{Native, Parts},
        math::Math,
    },
};

impl Native<6, 4> for InvertedPendulum {
    type Action = f64;
    const LONG_LOOPS: bool = false;

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; 6],
        actions: &[f64; N],
    ) -> ([f64; N], [bool; N]) {
        let [x, theta, v, omega, warm_slider, warm_hinge] = *states;
        let mut motions = Motions { position: [x, theta], velocity: [v, omega], warm_start: [warm_slider, warm_hinge] };
        motions.simulate::<M>(*actions);
        let Motions { position: [x, theta], velocity: [v, omega], warm_start: [warm_slider, warm_hinge] } = motions;
        *states = [x, theta, v, omega, warm_slider, warm_hinge];
        let terminated = std::array::from_fn(|i| terminated([x[i], theta[i], v[i], omega[i]]));
        (terminated.map(|terminated| self.reward(terminated)), terminated)
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>([x, theta, v, omega, ..]: &[[f64; N]; 6]) -> [[f64; N]; 4] {
        [*x, *theta, *v, *omega]
    }

    #[inline(always)]
    fn info(&self, reward: f64) -> Option<Info> {
        self.pays_survival.then_some(Info { reward_survive: Some(reward), ..Info::default() })
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 6] {
        let noise = self.reset_noise_scale;
        let [x, theta, v, omega] = [(); 4].map(|()| rng.uniform(-noise, noise));
        [x, theta, v, omega, 0.0, 0.0]
    }
}

impl Parts<6> for InvertedPendulum {
    fn parts(&self) -> Option<(NumpyRng, [f64; 6], bool)> {
        let State { rng, motion } = self.state.as_ref()?;
        let Motion { position: [x, theta], velocity: [v, omega], warm_start: [slider, hinge] } = *motion;
        Some((rng.clone(), [x, theta, v, omega, slider, hinge], false))
    }

    fn with_parts(&self, rng: NumpyRng, state: [f64; 6], _terminated: bool) -> Self {
        Self { state: Some(State { rng, motion: Motion::from_numbers(state) }), ..self.clone() }
    }
}
