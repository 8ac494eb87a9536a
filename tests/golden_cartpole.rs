//! CartPole equals Gymnasium's: every reset, every step, past the end of an episode and on through later resets.

#[path = "parity/replay.rs"]
mod replay;

use replay::{finish, recordings, replay};

#[test]
fn every_state_reward_and_end_equals_gymnasiums() {
    let by_id = recordings("cartpole")
        .into_iter()
        .filter(|recording| recording.kwargs().is_empty() && recording.header.get("reset_options").is_none());
    finish(by_id.map(|recording| {
        let mut env = envs::make(recording.env()).unwrap().typed::<f32>().unwrap();
        replay(&recording, &mut *env, |_, _, _| ())
    }));
}
