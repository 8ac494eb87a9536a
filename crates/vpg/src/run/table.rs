//! A run's tables: text files that only grow, with a checksum by which a resumed run knows its own.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use crate::run::folder::RunFolder;

/// How a table is written.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The file's name.
    pub name: &'static str,
    /// What stands between two columns.
    pub delimiter: u8,
    /// Whether the last column is a time, which is no part of the checksum.
    pub ends_with_time: bool,
}

/// A table that is open for more rows.
#[derive(Debug)]
pub struct Table {
    file: File,
    format: Format,
    checksum: crc32fast::Hasher,
}

impl Table {
    /// A new table in place of any that is there, without a header yet.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn create(folder: &RunFolder, format: Format) -> Result<Self> {
        let file = File::create(folder.file(format.name)).with_context(|| folder.cannot_write(format.name))?;
        Ok(Self { file, format, checksum: crc32fast::Hasher::new() })
    }

    /// The table that is there, cut after its header and its first `rows` rows.
    ///
    /// # Errors
    /// Where it cannot be read or written, or these rows have another checksum.
    pub fn reopen(folder: &RunFolder, format: Format, rows: u64, checksum: u32) -> Result<Self> {
        let path = folder.file(format.name);
        let foreign = || {
            let remedy = "put a copy of it back, or start over with another --run-dir";
            format!("{} does not begin with the run's {rows} rows: {remedy}", path.display())
        };
        let mut text = fs::read_to_string(&path).with_context(foreign)?;
        let lines = text.split_inclusive('\n').take(rows as usize + 1);
        text.truncate(lines.map(str::len).sum());
        let mut file = File::options().write(true).open(&path).with_context(|| folder.cannot_write(format.name))?;
        let mut table = Self { file: file.try_clone()?, format, checksum: crc32fast::Hasher::new() };
        table.add_to_checksum(text.as_bytes());
        ensure!(table.checksum() == checksum, foreign());
        file.set_len(text.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(table)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn append<R: Serialize>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()> {
        let mut writer =
            csv::WriterBuilder::new().delimiter(self.format.delimiter).has_headers(false).from_writer(Vec::new());
        rows.into_iter().try_for_each(|row| writer.serialize(row))?;
        let lines = writer.into_inner()?;
        self.file.write_all(&lines).with_context(|| {
            format!("cannot write {}: when that is possible again, go on with --resume", self.format.name)
        })?;
        self.add_to_checksum(&lines);
        Ok(())
    }

    /// Of all rows, times aside.
    pub fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    /// The file, to bring it to the disk from another thread.
    ///
    /// # Errors
    /// Where the system gives no more files.
    pub fn file(&self) -> Result<File> {
        Ok(self.file.try_clone()?)
    }

    fn add_to_checksum(&mut self, lines: &[u8]) {
        if !self.format.ends_with_time {
            return self.checksum.update(lines);
        }
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let end = line.iter().rposition(|&byte| byte == self.format.delimiter).unwrap_or(line.len());
            self.checksum.update(&line[..end]);
            self.checksum.update(b"\n");
        }
    }
}

/// The numbers of some columns of a `progress.txt`.
///
/// # Errors
/// Where the file cannot be read, lacks a column, or has something else than a number there.
pub fn read_columns(path: &Path, names: &[&str]) -> Result<Vec<Vec<f64>>> {
    let read = || format!("cannot read {}", path.display());
    let mut table = csv::ReaderBuilder::new().delimiter(b'\t').from_path(path).with_context(read)?;
    let header = table.headers().with_context(read)?.clone();
    let index = |name: &&str| match header.iter().position(|column| column == *name) {
        Some(index) => Ok(index),
        None => {
            let all = header.iter().collect::<Vec<_>>().join(", ");
            bail!("{} has no column {name:?}: it has {all}", path.display())
        }
    };
    let indices = names.iter().map(index).collect::<Result<Vec<_>>>()?;
    let mut columns = vec![Vec::new(); names.len()];
    for row in table.records() {
        let row = row.with_context(read)?;
        for (column, &index) in columns.iter_mut().zip(&indices) {
            column.push(row[index].parse().with_context(|| format!("in {}", path.display()))?);
        }
    }
    Ok(columns)
}
