//! The program: its command line and commands.

pub mod cli;
pub mod commands;
pub mod compare;
pub mod doctor;
pub mod grid;
