//! Acrobot, both mountain cars and Pendulum equal Gymnasium's: every reset, every step, with every option, past the end of
//! an episode and on through later resets, with actions that are out of range or no numbers; and so do the pictures of
//! all classic control.

use envs::{Acrobot, BoxEnv, CartPole, Env, Equations, Error, MountainCar, MountainCarContinuous, Pendulum, TimeLimit};
use replay::{Recording, finish, recordings, replay};

#[test]
fn every_observation_reward_and_end_equals_gymnasiums() {
    finish(recordings("classic").iter().map(|recording| replay(recording, &mut *made(recording), |_, _, _| ())));
}

#[test]
fn every_pixel_equals_gymnasiums() {
    finish(recordings("pictures").iter().map(|recording| {
        let pictures: Vec<u32> = recording.column("picture_crc32");
        replay(recording, &mut *made(recording), |comparison, env, row| {
            let picture = env.render().unwrap();
            comparison.equal("picture", crc32fast::hash(&picture), pictures[row]);
        })
    }));
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

/// Our environment with the options of the original.
fn made(recording: &Recording) -> BoxEnv<f32> {
    with_options(recording).unwrap_or_else(|error| panic!("{}: {error}", recording.case))
}

fn with_options(recording: &Recording) -> Result<BoxEnv<f32>, Error> {
    let number =
        |name: &str, default: f64| recording.kwargs().get(name).map_or(default, |value| value.as_f64().unwrap());
    let reset = |name: &str| recording.header.get("reset_options").and_then(|options| options[name].as_f64());
    let bounds = |low, high| (reset("low").unwrap_or(low), reset("high").unwrap_or(high));
    match recording.env() {
        "Acrobot-v1" => {
            let paper = recording.kwargs().contains_key("book_or_nips");
            let equations = if paper { Equations::Paper } else { Equations::Book };
            let (low, high) = bounds(-0.1, 0.1);
            let env = Acrobot::new().with_equations(equations).with_reset_bounds(low, high)?;
            limited(recording, env.with_torque_noise(number("torque_noise_max", 0.0))?)
        }
        "CartPole-v1" => {
            let (low, high) = bounds(-0.05, 0.05);
            limited(recording, CartPole::new().with_reset_bounds(low, high)?)
        }
        "MountainCar-v0" => {
            let (low, high) = bounds(-0.6, -0.4);
            let env = MountainCar::new().with_reset_bounds(low, high)?;
            limited(recording, env.with_goal_velocity(number("goal_velocity", 0.0))?)
        }
        "MountainCarContinuous-v0" => {
            let (low, high) = bounds(-0.6, -0.4);
            let env = MountainCarContinuous::new().with_reset_bounds(low, high)?;
            limited(recording, env.with_goal_velocity(number("goal_velocity", 0.0))?)
        }
        "Pendulum-v1" => {
            let (angle, velocity) = (reset("x_init").unwrap_or(std::f64::consts::PI), reset("y_init").unwrap_or(1.0));
            let env = Pendulum::new().with_reset_bounds(angle, velocity)?;
            limited(recording, env.with_gravity(number("g", 10.0))?)
        }
        other => panic!("a recording of {other}"),
    }
}

fn limited(recording: &Recording, env: impl Env<Obs = f32> + 'static) -> Result<BoxEnv<f32>, Error> {
    let limit = envs::spec(recording.env())?.max_episode_steps;
    Ok(Box::new(TimeLimit::new(env, limit)))
}
