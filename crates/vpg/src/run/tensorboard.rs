//! TensorBoard's event files: scalars, pictures and text that its own reader takes.
//!
//! A file is a row of TFRecords (length, its checksum, data, its checksum, all little-endian; the checksums are masked
//! CRC-32C). The data are protocol buffers: `Event` of TensorFlow's `event.proto` with the `Summary` of `summary.proto`.
//! So few fields are needed that they are written by hand.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, Write},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use serde_json::Map;

/// TensorBoard takes any file with `tfevents` in its name. The name holds no time, so that a resumed run goes on with it.
pub const FILE_NAME: &str = "events.out.tfevents.vpg";

/// An event file that grows.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    /// The step of the newest picture.
    last_image: Option<u64>,
}

impl EventFile {
    /// A new file in place of any that is there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut events = Self { file, last_image: None };
        events.append(0, &Field::bytes(3, b"brain.Event:2"))?;
        Ok(events)
    }

    /// Goes on with a file after its last event of a step up to `step`; later ones, and a torn end, are cut off. A
    /// missing file begins anew.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn resume(path: &Path, step: u64) -> Result<Self> {
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(path) else {
            return Self::create(path);
        };
        let damaged = || format!("cannot go on with {}", path.display());
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(damaged)?;
        let (mut kept, mut last_image) = (0, None);
        while let Some((data, len)) = record_at(&bytes[kept..]) {
            match step_of(data) {
                Some(of) if of <= step => {
                    if data.windows(IMAGE_TAG.len()).any(|window| window == IMAGE_TAG.as_bytes()) {
                        last_image = Some(of);
                    }
                }
                _ => break,
            }
            kept += len;
        }
        if kept == 0 {
            return Self::create(path);
        }
        file.set_len(kept as u64).with_context(damaged)?;
        file.seek(std::io::SeekFrom::End(0)).with_context(damaged)?;
        Ok(Self { file, last_image })
    }

    /// Adds the numbers of a step; those that are not finite are left out.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn scalars(&mut self, step: u64, scalars: impl IntoIterator<Item = (String, f64)>) -> Result<()> {
        let finite = scalars.into_iter().filter(|(_, value)| value.is_finite());
        let values: Vec<u8> = finite
            .flat_map(|(tag, value)| {
                let value = [Field::bytes(1, tag.as_bytes()), Field::float(2, value as f32)].concat();
                Field::bytes(1, &value)
            })
            .collect();
        self.append(step, &Field::bytes(5, &values))
    }

    /// Adds a picture, PNG or GIF, unless the step has one already.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn image(&mut self, step: u64, (width, height): (u32, u32), encoded: &[u8]) -> Result<()> {
        if self.last_image == Some(step) {
            return Ok(());
        }
        let rgb = 3;
        let image =
            [Field::int(1, height.into()), Field::int(2, width.into()), Field::int(3, rgb), Field::bytes(4, encoded)];
        let value = [Field::bytes(1, IMAGE_TAG.as_bytes()), Field::bytes(4, &image.concat())].concat();
        self.append(step, &Field::bytes(5, &Field::bytes(1, &value)))?;
        self.last_image = Some(step);
        Ok(())
    }

    /// Adds a text, which TensorBoard shows as Markdown.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn text(&mut self, step: u64, tag: &str, text: &str) -> Result<()> {
        let string = 7; // DataType::DT_STRING
        let one_dimension_of_one = Field::bytes(2, &Field::int(1, 1));
        let tensor = [Field::int(1, string), Field::bytes(2, &one_dimension_of_one), Field::bytes(8, text.as_bytes())];
        let metadata = Field::bytes(1, &Field::bytes(1, b"text"));
        let value = [Field::bytes(1, tag.as_bytes()), Field::bytes(8, &tensor.concat()), Field::bytes(9, &metadata)];
        self.append(step, &Field::bytes(5, &Field::bytes(1, &value.concat())))
    }

    /// Adds what the run was begun with, which TensorBoard's tab HParams compares runs by.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn hyperparameters(&mut self, values: &Map<String, serde_json::Value>) -> Result<()> {
        let entry = |(name, value): (&String, &serde_json::Value)| {
            let value = match value {
                serde_json::Value::Number(number) => Field::double(2, number.as_f64().unwrap_or(f64::NAN)),
                serde_json::Value::Bool(value) => Field::int(4, (*value).into()),
                serde_json::Value::String(text) => Field::bytes(3, text.as_bytes()),
                value => Field::bytes(3, value.to_string().as_bytes()),
            };
            Field::bytes(1, &[Field::bytes(1, name.as_bytes()), Field::bytes(2, &value)].concat())
        };
        let session = values.iter().flat_map(entry).chain(Field::double(5, now())).collect::<Vec<_>>();
        let plugin = [Field::bytes(1, b"hparams"), Field::bytes(2, &Field::bytes(3, &session))].concat();
        let (float, no_dimension) = (1, Field::bytes(2, b"")); // DataType::DT_FLOAT; the tensor is empty
        let tensor = [Field::int(1, float), Field::bytes(2, &no_dimension)].concat();
        let tag = Field::bytes(1, b"_hparams_/session_start_info");
        let value = [tag, Field::bytes(8, &tensor), Field::bytes(9, &Field::bytes(1, &plugin))].concat();
        self.append(0, &Field::bytes(5, &Field::bytes(1, &value)))
    }

    /// Writes one event in one go.
    fn append(&mut self, step: u64, what: &[u8]) -> Result<()> {
        let data = [&Field::double(1, now()), &Field::int(2, step), what].concat();
        let length = (data.len() as u64).to_le_bytes();
        let record = [&length[..], &masked_crc(&length), &data, &masked_crc(&data)].concat();
        self.file.write_all(&record).context("cannot write TensorBoard's events")
    }
}

const IMAGE_TAG: &str = "demo";

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Fields of a protocol buffer: the key (number and wire type), then the value.
struct Field;

impl Field {
    fn int(number: u8, value: u64) -> Vec<u8> {
        let mut bytes = vec![number << 3];
        varint(value, &mut bytes);
        bytes
    }

    fn double(number: u8, value: f64) -> Vec<u8> {
        [&[(number << 3) | 1], &value.to_le_bytes()[..]].concat()
    }

    fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![(number << 3) | 2];
        varint(value.len() as u64, &mut bytes);
        bytes.extend_from_slice(value);
        bytes
    }

    fn float(number: u8, value: f32) -> Vec<u8> {
        [&[(number << 3) | 5], &value.to_le_bytes()[..]].concat()
    }
}

/// Seven bits a byte, the lowest first; the eighth tells that more follow.
fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn masked_crc(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// The first record's data and its whole length; none where it is torn.
fn record_at(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let data = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let data_crc = rest[data.len()..].first_chunk::<4>()?;
    (masked_crc(length) == *crc && masked_crc(data) == *data_crc).then_some((data, data.len() + 16))
}

/// The step of an event as `append` writes it, after the time.
fn step_of(data: &[u8]) -> Option<u64> {
    let (&key, bytes) = data.get(9..)?.split_first()?;
    let len = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let bits = bytes[..len]
        .iter()
        .rev()
        .try_fold(0u64, |sum, byte| sum.checked_mul(0x80).map(|sum| sum | u64::from(byte & 0x7f)));
    bits.filter(|_| key == 2 << 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_masked_castagnoli() {
        // RFC 3720, appendix B.4: 32 bytes of zeros have the CRC-32C 0x8a9136aa.
        // Rotated right by 15 bits, that is 0x6d551522; and 0xa282ead8 added to it.
        assert_eq!(masked_crc(&[0; 32]), 0x0fd7_fffa_u32.to_le_bytes());
    }

    #[test]
    fn a_resumed_file_loses_what_comes_after_the_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let steps = |path: &Path| {
            let bytes = std::fs::read(path).unwrap();
            let (mut at, mut steps) = (0, Vec::new());
            while let Some((data, len)) = record_at(&bytes[at..]) {
                steps.push(step_of(data).unwrap());
                at += len;
            }
            assert_eq!(at, bytes.len());
            steps
        };
        let mut events = EventFile::create(&path).unwrap();
        for step in [300, 600, 900] {
            events.scalars(step, [("loss".into(), 1.0)]).unwrap();
            events.image(step, (1, 1), b"GIF").unwrap();
        }
        drop(events);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();

        let mut events = EventFile::resume(&path, 600).unwrap();
        assert_eq!(steps(&path), [0, 300, 300, 600, 600]);
        events.image(600, (1, 1), b"GIF").unwrap(); // is there already
        events.scalars(900, [("loss".into(), 1.0)]).unwrap();
        assert_eq!(steps(&path), [0, 300, 300, 600, 600, 900]);
    }
}
