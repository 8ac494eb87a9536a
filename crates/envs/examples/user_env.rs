//! An environment of your own: a heated room, checked, registered, and stepped by `VecEnv` like all others.
//!
//! ```text
//! cargo run -p envs --example user_env
//! ```

use std::{
    error::Error,
    f32::consts::TAU,
    io::{Write, stdout},
};

use envs::{
    Action, Actions, DType, Discrete, Env, EnvSpec, Info, NumpyRng, Seed, Space, Step, VecEnv, check_env, check_row,
    state,
};
use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

/// Hold a room at 21 °C through a winter's day while the weather changes.
///
/// | action | meaning |
/// |---|---|
/// | 0 | the heater is off for 5 minutes |
/// | 1 | the heater is on for 5 minutes |
///
/// | observation (f32) | unit |
/// |---|---|
/// | 0: temperature of the room | °C |
/// | 1: temperature outside | °C |
///
/// Reward: minus the distance from 21 °C, and minus 0.5 where the heater is on. The episode ends when the pipes freeze,
/// at 0 °C, which costs 1000.
struct HeatedRoom {
    observation_space: Space,
    /// `None` before the first reset.
    state: Option<State>,
}

/// All that the future depends on.
#[derive(Serialize, Deserialize)]
struct State {
    rng: NumpyRng,
    room: f32,
    outside: f32,
    step: u32,
}

const ACTIONS: Discrete = Discrete { n: 2, start: 0 };
const STEPS_A_DAY: u32 = 288;
const COMFORT: f32 = 21.0;

impl HeatedRoom {
    fn new() -> Self {
        Self { observation_space: Space::boxed(&[2], DType::F32, -100.0, 100.0), state: None }
    }
}

impl Env for HeatedRoom {
    type Obs = f32;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn action_space(&self) -> &Space {
        const SPACE: Space = Space::Discrete(ACTIONS);
        &SPACE
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, envs::Error> {
        check_row(observation, &self.observation_space)?;
        let mut rng = NumpyRng::for_reset(seed, self.state.take().map(|state| state.rng));
        let (room, outside) = (rng.uniform(10.0, 25.0) as f32, rng.uniform(-15.0, 5.0) as f32);
        observation.copy_from_slice(&[room, outside]);
        self.state = Some(State { rng, room, outside, step: 0 });
        Ok(Info::default())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, envs::Error> {
        // Refuse first, change then: a refused call leaves the state as it was.
        check_row(observation, &self.observation_space)?;
        let heater = ACTIONS.index(action)? as f32;
        let state = self.state.as_mut().ok_or(envs::Error::ResetNeeded)?;
        let hour = TAU * state.step as f32 / STEPS_A_DAY as f32;
        state.step += 1;
        state.outside =
            (state.outside + 0.05 * hour.sin() + 0.2 * state.rng.standard_normal() as f32).clamp(-30.0, 30.0);
        // Each step the room loses 2 % of the difference to the weather; the heater adds 1.2 degrees.
        state.room += 0.02 * (state.outside - state.room) + 1.2 * heater;
        observation.copy_from_slice(&[state.room, state.outside]);
        let frozen = state.room <= 0.0;
        let cost = (state.room - COMFORT).abs() + 0.5 * heater + if frozen { 1000.0 } else { 0.0 };
        Ok(Step { reward: -f64::from(cost), terminated: frozen, ..Step::default() })
    }

    /// A thermometer: a degree is two pixels high.
    fn render(&self) -> Result<RgbImage, envs::Error> {
        let room = self.state.as_ref().ok_or(envs::Error::ResetNeeded)?.room;
        let color = |_, y| if (100 - y) as f32 <= 2.0 * room { Rgb([200, 30, 30]) } else { Rgb([255, 255, 255]) };
        Ok(RgbImage::from_fn(20, 100, color))
    }

    fn render_fps(&self) -> u32 {
        12
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), envs::Error> {
        state::put(self.state.as_ref().ok_or(envs::Error::ResetNeeded)?, state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), envs::Error> {
        self.state = Some(state::take(state)?);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    check_env(|| Ok(HeatedRoom::new()))?;
    envs::register(EnvSpec::new("HeatedRoom-v0", || Ok(HeatedRoom::new())).with_limits(STEPS_A_DAY.into(), -300.0));
    let mut rng = NumpyRng::new(&Seed::from(0));
    let coin = days(|_| rng.integers(0, 2))?;
    let thermostat = days(|room| i64::from(room < COMFORT))?;
    let _ = writeln!(stdout(), "mean return of a day: heater by coin {coin:.0}, by thermostat {thermostat:.0}"); // nobody may be reading
    if thermostat <= coin {
        return Err("a thermostat should beat a coin".into());
    }
    Ok(())
}

/// The mean return of a day in eight rooms with this heater, which sees the temperature of its room.
fn days(mut heater: impl FnMut(f32) -> i64) -> Result<f64, envs::Error> {
    let mut envs = VecEnv::<f32>::make("HeatedRoom-v0", 8, 0)?;
    envs.reset(&Seed::from(1))?;
    let mut returns = Vec::new();
    while returns.len() < envs.num_envs() {
        let actions: Vec<i64> = envs.observations().outer_iter().map(|row| heater(row[0])).collect();
        envs.step(Actions::Discrete(&actions))?;
        returns.extend(envs.episodes().iter().flatten().map(|episode| episode.episode_return));
    }
    Ok(returns.iter().sum::<f64>() / returns.len() as f64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_keeps_the_contract_and_a_thermostat_beats_a_coin() {
        super::main().unwrap();
    }
}
