//! Preprocessing of Atari frames.
