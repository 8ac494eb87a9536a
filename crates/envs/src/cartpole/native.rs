//! Many cart-poles at once.

use super::{CartPole, FORCE, advance, outside};
use crate::{
    Autoreset, Env, Error, NumpyRng, VecEnv,
    vector::{
        batch::{Batch, Native},
        lanes::narrowed,
        math::Math,
    },
};

impl CartPole {
    /// A vector of cart-poles like this one on the caller's thread, equal to Gymnasium's `CartPoleVectorEnv`: its starts come
    /// from one generator, all positions first, then all velocities and so on. Observations are (`num_envs`, 4) of `f32`,
    /// actions 0 or 1. Ends are [`Autoreset::NextStep`]'s, as there; other modes can be chosen.
    ///
    /// A reset with a seed seeds this generator with it (of a list of seeds, with the first).
    ///
    /// ```
    /// use envs::{Actions, CartPole, Seed};
    /// let mut envs = CartPole::new().vector_of_one_generator(3, 500)?;
    /// envs.reset(&Seed::from(42))?;
    /// envs.step(Actions::Discrete(&[0, 1, 1]))?;
    /// assert_eq!(envs.observations().shape(), [3, 4]);
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `num_envs` is 0.
    pub fn vector_of_one_generator(self, num_envs: usize, max_episode_steps: u64) -> Result<VecEnv<f32>, Error> {
        if num_envs == 0 {
            let expected = "at least one environment".into();
            return Err(Error::InvalidOption { name: "num_envs", value: "0".into(), expected });
        }
        let spaces = (self.observation_space().clone(), self.action_space().clone());
        let batch = Batch::new(self, Some(max_episode_steps), num_envs).with_one_generator(Self::starts);
        let envs = VecEnv::of_groups(vec![Box::new(batch)], spaces.0, spaces.1, 1)?;
        Ok(envs.with_autoreset(Autoreset::NextStep))
    }

    /// The starts of `count` cart-poles, one kind of number after the other.
    fn starts(&self, rng: &mut NumpyRng, count: usize) -> Vec<[f64; 4]> {
        let (low, high) = self.reset_bounds;
        let mut starts = vec![[0.0; 4]; count];
        for number in 0..4 {
            starts.iter_mut().for_each(|start| start[number] = rng.uniform(low, high));
        }
        starts
    }
}

impl Native<4, 4> for CartPole {
    type Action = i64;

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; 4],
        actions: &[i64; N],
    ) -> ([f64; N], [bool; N]) {
        let [x, v, theta, omega] = states;
        let (sin, cos) = M::sin_cos(theta);
        // Loops of one kind of number each: the compiler makes vectors of them.
        let mut forces = [0.0; N];
        for i in 0..N {
            forces[i] = if actions[i] == 1 { FORCE } else { -FORCE };
        }
        for i in 0..N {
            let state = [x[i], v[i], theta[i], omega[i]];
            [x[i], v[i], theta[i], omega[i]] = advance::<M>(state, (sin[i], cos[i]), forces[i]);
        }
        let (mut rewards, mut terminated) = ([0.0; N], [false; N]);
        for i in 0..N {
            terminated[i] = outside([x[i], v[i], theta[i], omega[i]]);
            rewards[i] = self.reward(terminated[i], false);
        }
        (rewards, terminated)
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>(states: &[[f64; N]; 4]) -> [[f32; N]; 4] {
        let [x, v, theta, omega] = states;
        [narrowed(x), narrowed(v), narrowed(theta), narrowed(omega)]
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 4] {
        let (low, high) = self.reset_bounds;
        [(); 4].map(|()| rng.uniform(low, high))
    }
}
