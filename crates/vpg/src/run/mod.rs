//! What a run leaves: its folder, log, states, checkpoints and pictures.

pub mod columns;
pub mod doubts;
pub mod finite;
pub mod folder;
pub mod logger;
pub mod plot;
pub mod progress;
pub mod resume;
pub mod statistics;
pub mod table;
pub mod tensorboard;
pub mod thin;
pub mod write_up;
