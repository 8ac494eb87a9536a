//! The environments of this crate: a line each.

use crate::{EnvSpec, acrobot, cartpole, inverted_pendulum, mountain_car, pendulum};

/// What is registered from the beginning. A new environment adds its line here.
pub(crate) fn specs() -> Vec<EnvSpec> {
    let mut specs = vec![];
    specs.extend(acrobot::specs());
    specs.extend(cartpole::specs());
    specs.extend(inverted_pendulum::specs());
    specs.extend(mountain_car::specs());
    specs.extend(pendulum::specs());
    #[cfg(feature = "atari")]
    specs.extend(crate::atari::specs());
    specs
}

/// The short names: what people type, and the id it stands for.
///
/// ```
/// assert!(envs::SHORT_NAMES.contains(&("CartPole", "CartPole-v1")));
/// ```
pub const SHORT_NAMES: [(&str, &str); 6] = [
    ("Acrobot", "Acrobot-v1"),
    ("CartPole", "CartPole-v1"),
    ("InvertedPendulum", "InvertedPendulum-v5"),
    ("MountainCar", "MountainCar-v0"),
    ("MountainCarContinuous", "MountainCarContinuous-v0"),
    ("Pendulum", "Pendulum-v1"),
];

/// The cargo feature that would bring the environment of this id.
pub(crate) fn missing_feature(id: &str) -> Option<&'static str> {
    #[cfg(feature = "atari")]
    let (feature, is_there) = ("ale", crate::atari::AtariConfig::from_id(id).is_ok() && !cfg!(feature = "ale"));
    #[cfg(not(feature = "atari"))]
    let (feature, is_there) = ("atari", ATARI_IDS.iter().any(|prefix| id.starts_with(prefix)));
    is_there.then_some(feature)
}

/// How the ids of Atari games begin that are registered where these are built in.
#[cfg(not(feature = "atari"))]
const ATARI_IDS: [&str; 2] = ["ALE/", "Pong"];
