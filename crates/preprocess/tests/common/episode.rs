//! The recorded episode of Pong that `tests/parity/record.py frames` wrote.

use std::{io::Read, path::Path};

/// Every frame of the episode, as palette indices and as RGB.
pub fn frames() -> [Vec<Vec<u8>>; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/golden/frames/pong.rec");
    let bytes = std::fs::read(path).unwrap();
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let columns: serde_json::Value = serde_json::from_slice(&bytes[..header]).unwrap();
    let colours_len = columns["columns"][0][2][0].as_u64().unwrap() as usize * 4;
    let (colours, changes) = bytes[header..].split_at(colours_len);

    let mut table = [[0; 3]; 256];
    for colour in colours.chunks_exact(4) {
        table[usize::from(colour[0])].copy_from_slice(&colour[1..]);
    }
    let (mut palette, mut rgb, mut frame) = (Vec::new(), Vec::new(), vec![0u8; 210 * 160]);
    let mut changes = flate2::read::ZlibDecoder::new(changes);
    let mut change = vec![0; frame.len()];
    while changes.read_exact(&mut change).is_ok() {
        for (pixel, change) in frame.iter_mut().zip(&change) {
            *pixel = pixel.wrapping_add(*change);
        }
        palette.push(frame.clone());
        rgb.push(frame.iter().flat_map(|index| table[usize::from(*index)]).collect());
    }
    assert_eq!(palette.len() as u64, columns["frames"].as_u64().unwrap());
    [palette, rgb]
}
