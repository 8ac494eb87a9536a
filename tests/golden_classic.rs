//! Acrobot, both mountain cars and Pendulum equal Gymnasium's: every reset, every step, with every option, past the end of
//! an episode and on through later resets, with actions that are out of range or no numbers.

#[path = "parity/replay.rs"]
mod replay;

use envs::{Acrobot, Env, Equations, Error, MountainCar, MountainCarContinuous, Pendulum, TimeLimit};
use replay::{Comparison, Recording, finish, recordings, replay};

#[test]
fn every_observation_reward_and_end_equals_gymnasiums() {
    finish(recordings("classic").iter().map(|recording| compare(recording).unwrap()));
}

fn compare(recording: &Recording) -> Result<Comparison, Error> {
    let number = |name: &str| recording.kwargs().get(name).and_then(|value| value.as_f64());
    let reset = |name: &str| recording.header.get("reset_options").and_then(|options| options[name].as_f64());
    let bounds = reset("low").zip(reset("high"));
    Ok(match recording.env() {
        "Acrobot-v1" => {
            let paper = recording.kwargs().contains_key("book_or_nips");
            let equations = if paper { Equations::Paper } else { Equations::Book };
            let env = Acrobot::new().with_equations(equations);
            let env = env.with_torque_noise(number("torque_noise_max").unwrap_or(0.0))?;
            let (low, high) = bounds.unwrap_or((-0.1, 0.1));
            play(recording, env.with_reset_bounds(low, high)?)
        }
        "MountainCar-v0" => {
            let env = MountainCar::new().with_goal_velocity(number("goal_velocity").unwrap_or(0.0))?;
            let (low, high) = bounds.unwrap_or((-0.6, -0.4));
            play(recording, env.with_reset_bounds(low, high)?)
        }
        "MountainCarContinuous-v0" => {
            let env = MountainCarContinuous::new().with_goal_velocity(number("goal_velocity").unwrap_or(0.0))?;
            let (low, high) = bounds.unwrap_or((-0.6, -0.4));
            play(recording, env.with_reset_bounds(low, high)?)
        }
        "Pendulum-v1" => {
            let env = Pendulum::new().with_gravity(number("g").unwrap_or(10.0))?;
            let (angle, velocity) = reset("x_init").zip(reset("y_init")).unwrap_or((std::f64::consts::PI, 1.0));
            play(recording, env.with_reset_bounds(angle, velocity)?)
        }
        other => panic!("a recording of {other}"),
    })
}

fn play(recording: &Recording, env: impl Env<Obs = f32>) -> Comparison {
    let limit = envs::spec(recording.env()).unwrap().max_episode_steps;
    replay(recording, &mut TimeLimit::new(env, limit), |_, _, _| ())
}

#[test]
fn the_registered_ids_are_gymnasiums() {
    let by_id = recordings("classic")
        .into_iter()
        .filter(|recording| recording.kwargs().is_empty() && recording.header.get("reset_options").is_none());
    finish(by_id.map(|mut recording| {
        recording.case += "/by-id";
        let mut env = envs::make(recording.env()).unwrap().typed::<f32>().unwrap();
        replay(&recording, &mut *env, |_, _, _| ())
    }));
}
