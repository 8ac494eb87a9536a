//! The recorded episode of Pong that `tests/parity/record.py frames` wrote.

use std::io::Read;

use crate::{Recording, recordings};

/// Every frame of the episode, as palette indices and as RGB.
pub fn frames() -> [Vec<Vec<u8>>; 2] {
    let recording = &recordings("frames")[0];
    let mut table = [[0; 3]; 256];
    for colour in recording.column::<u8>("colours").chunks_exact(4) {
        table[usize::from(colour[0])].copy_from_slice(&colour[1..]);
    }
    let palette = palette_frames(recording);
    let rgb = palette.iter().map(|frame| frame.iter().flat_map(|index| table[usize::from(*index)]).collect()).collect();
    [palette, rgb]
}

/// The palette indices of every frame.
pub fn palette_frames(recording: &Recording) -> Vec<Vec<u8>> {
    let mut changes = Vec::new();
    flate2::read::ZlibDecoder::new(&recording.column::<u8>("changes")[..]).read_to_end(&mut changes).unwrap();
    let mut frame = vec![0u8; 210 * 160];
    let frames = changes.chunks_exact(frame.len()).map(|change| {
        for (pixel, change) in frame.iter_mut().zip(change) {
            *pixel = pixel.wrapping_add(*change);
        }
        frame.clone()
    });
    frames.collect()
}
