//! CartPole equals Gymnasium's: every reset, every step, past the end of an episode and on through later resets.

use envs::{CartPole, TimeLimit};
use replay::{Comparison, Recording, finish, recordings, replay};

#[test]
fn every_state_reward_and_end_equals_gymnasiums() {
    finish(recordings("cartpole").iter().map(compare));
}

fn compare(recording: &Recording) -> Comparison {
    let mut env = CartPole::new();
    if recording.kwargs().contains_key("sutton_barto_reward") {
        env = env.with_sutton_barto_reward();
    }
    if let Some(bounds) = recording.header.get("reset_options") {
        let [low, high] = ["low", "high"].map(|name| bounds[name].as_f64().unwrap());
        env = env.with_reset_bounds(low, high).unwrap();
    }
    let limit = envs::spec(recording.env()).unwrap().max_episode_steps;
    let states: Vec<f64> = recording.column("state");
    replay(recording, &mut TimeLimit::new(env, limit), |comparison, env, row| {
        let ours = env.inner().state().unwrap();
        comparison.all_equal("state", &ours, &states[row * 4..][..4]);
    })
}

#[test]
fn the_registered_ids_are_gymnasiums() {
    let by_id = recordings("cartpole")
        .into_iter()
        .filter(|recording| recording.kwargs().is_empty() && recording.header.get("reset_options").is_none());
    finish(by_id.map(|mut recording| {
        recording.case += "/by-id";
        let mut env = envs::make(recording.env()).unwrap().typed::<f32>().unwrap();
        replay(&recording, &mut *env, |_, _, _| ())
    }));
}
