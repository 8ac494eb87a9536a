//! InvertedPendulum equals MuJoCo's: free, at the rail's ends, on the hinge's stops, past every end of an episode.

use envs::{InvertedPendulum, TimeLimit};
use replay::{Recording, finish, recordings, replay};

/// The recordings of one environment id with no options.
fn by_id() -> impl Iterator<Item = Recording> {
    recordings("inverted-pendulum").into_iter().filter(|recording| recording.kwargs().is_empty())
}

#[test]
fn every_step_equals_mujocos_also_where_the_joint_limits_act() {
    finish(by_id().map(|recording| {
        let mut env = envs::make(recording.env()).unwrap().typed::<f64>().unwrap();
        replay(&recording, &mut *env, |_, _, _| ())
    }));
}

#[test]
fn a_given_reset_noise_equals_gymnasiums_up_to_starts_beyond_the_limits() {
    let noisy = recordings("inverted-pendulum").into_iter().filter(|recording| !recording.kwargs().is_empty());
    finish(noisy.map(|recording| {
        let scale = recording.kwargs()["reset_noise_scale"].as_f64().unwrap();
        let env = InvertedPendulum::v5().with_reset_noise_scale(scale).unwrap();
        replay(&recording, &mut TimeLimit::new(env, Some(1000)), |_, _, _| ())
    }));
}

/// Gym's source defines v2 as v4 is defined; only the binding to the engine differed.
#[test]
fn v2_steps_as_v4_does() {
    finish(by_id().filter(|recording| recording.env() == "InvertedPendulum-v4").map(|mut recording| {
        recording.case += "/as-v2";
        let mut env = envs::make("InvertedPendulum-v2").unwrap().typed::<f64>().unwrap();
        replay(&recording, &mut *env, |_, _, _| ())
    }));
}

#[test]
fn at_least_a_third_of_the_compared_steps_has_an_active_limit() {
    let limits: Vec<u8> = by_id().flat_map(|recording| recording.column::<u8>("limits")).collect();
    let active = limits.iter().filter(|rows| **rows > 0).count();
    assert!(active * 3 >= limits.len(), "{active} of {}", limits.len());
    let both = limits.iter().filter(|rows| **rows > 1).count();
    assert!(both * 50 >= limits.len(), "both limits at once: {both} of {}", limits.len());
}
