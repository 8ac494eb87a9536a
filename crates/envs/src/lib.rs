//! Gym-compatible environments.
