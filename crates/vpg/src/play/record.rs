//! `vpg record`: a policy at play as a GIF or as PNG frames, and a run's checkpoints side by side.

use std::{
    cell::Cell as Counter,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, Result, ensure};
use image::{
    Delay, DynamicImage, Frame, RgbImage,
    codecs::gif::{GifEncoder, Repeat},
    imageops::{self, FilterType},
};

use crate::{
    config::{ANY, Config, InvalidValue, number_in},
    interrupt::Interrupt,
    nn::policy::ActorCritic,
    play::evaluate::{self, Checkpoint, Play},
    play::player::Player,
    run::folder::RunFolder,
    run::plot::write_text,
    run::progress,
};

/// The flags of `vpg record`.
#[derive(Clone, Debug, clap::Args)]
pub struct RecordArgs {
    /// A run folder.
    pub run: PathBuf,
    /// The GIF [default: record.gif or grid.gif in the run folder, numbered where there is one].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the pictures as numbered PNG files into this folder in place of a GIF.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "fps"])]
    pub frames: Option<PathBuf>,
    /// All checkpoints side by side, three a row, each with its epoch and return.
    #[arg(long, conflicts_with = "checkpoint")]
    pub grid: bool,
    /// Which policy: an epoch, `latest`, `best`, or a safetensors file.
    #[arg(long, value_name = "WHICH", default_value = "latest")]
    pub checkpoint: Checkpoint,
    #[command(flatten)]
    pub play: Play,
    /// Show every so many steps alone [default: all; with --grid so many that the longest episode has 200 pictures].
    #[arg(long, value_name = "N", value_parser = number_in(ANY))]
    pub every: Option<u64>,
    /// End after this many pictures, even within the episode [default: at its end, or at 64 MB].
    #[arg(long, value_name = "N", value_parser = number_in(ANY))]
    pub max_frames: Option<u64>,
    /// Pictures a second [default: the environment's own pace; with --grid 30].
    #[arg(long, value_name = "N", value_parser = number_in(1..=100))]
    pub fps: Option<u64>,
}

/// Where a recording ends at the latest.
const MAX_BYTES: u64 = 64_000_000;
/// Of a checkpoint's GIF while training, and of a grid: longer episodes are thinned.
const CHECKPOINT_PICTURES: u64 = 600;
const GRID_PICTURES: u64 = 200;
/// Of a grid.
const COLUMNS: usize = 3;
const CELL_WIDTH: u32 = 240;
const CAPTION_HEIGHT: u32 = 27;
const GAP: u32 = 10;
const GRID_FPS: f64 = 30.0;
/// Trades a GIF's colours for time: 1 is best, 30 fastest.
const GIF_SPEED: i32 = 10;

impl RecordArgs {
    /// `vpg record RUN --grid`.
    pub fn grid_of(run: &Path) -> Self {
        Self {
            run: run.to_owned(),
            out: None,
            frames: None,
            grid: true,
            checkpoint: Checkpoint::Latest,
            play: Play { seed: Play::SEED, deterministic: false },
            every: None,
            max_frames: None,
            fps: None,
        }
    }

    /// Plays and writes.
    ///
    /// # Errors
    /// Where the run or the policy cannot be read, the environment has no pictures, or the output cannot be written, and
    /// `Interrupted`.
    pub fn record(&self, stop: &Interrupt) -> Result<Recording> {
        let (folder, config) = RunFolder::open(&self.run)?;
        self.out.as_deref().map_or(Ok(()), |path| expect_gif("--out", path))?;
        let (mut scene, length): (Box<dyn Scene>, _) = if self.grid {
            let grid = Grid::new(&folder, &config, self.play)?;
            (Box::new(grid), Grid::new(&folder, &config, self.play)?.length(stop)?)
        } else {
            let policy = evaluate::load(&folder, &config, &self.checkpoint)?;
            (Box::new(Solo { player: Player::new(&config, &policy, self.play)?, over: false }), 0)
        };
        let every = self.every.unwrap_or(length.div_ceil(GRID_PICTURES).max(1));
        let fps = self.fps.map_or(if self.grid { GRID_FPS } else { scene.fps() / every as f64 }, |fps| fps as f64);
        let bar = progress::bar(self.max_frames.unwrap_or(length / every), "pictures");
        let shots = Shots { every, most: self.max_frames.unwrap_or(u64::MAX), stop };
        let shown = |pictures| bar.set_position(pictures);
        if let Some(folder) = &self.frames {
            let film = film(scene.as_mut(), &mut Numbered::new(folder)?, shots, shown);
            bar.finish_and_clear();
            let film = film.with_context(|| format!("{} has the pictures so far", folder.display()))?;
            return Ok(Recording { path: folder.clone(), film });
        }
        let name = if self.grid { "grid" } else { "record" };
        let gif = self.out.clone().unwrap_or_else(|| free_name(&folder, name));
        let cannot = || format!("cannot write {}", gif.display());
        // Whole or not at all: what is there stays until the new one is finished.
        let part = gif.with_extension("gif.part");
        let file = File::create(&part).with_context(cannot)?;
        let filmed =
            Gif::new(BufWriter::new(file), fps).and_then(|mut gif| film(scene.as_mut(), &mut gif, shots, shown));
        bar.finish_and_clear();
        if filmed.is_err() {
            let _ = fs::remove_file(&part); // the error is worth more
        }
        let film = filmed.with_context(|| format!("{} was not written", gif.display()))?;
        fs::rename(&part, &gif).with_context(cannot)?;
        Ok(Recording { path: gif, film })
    }
}

/// Refuses the names of other kinds of pictures.
///
/// # Errors
/// Where the name does not end in .gif.
pub fn expect_gif(flag: &'static str, path: &Path) -> Result<(), InvalidValue> {
    let is_gif = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gif"));
    let expected = "a name that ends in .gif; `vpg record --frames DIR` writes PNG files";
    if is_gif { Ok(()) } else { Err(InvalidValue::new(flag, path.display(), expected)) }
}

/// `name.gif` in the folder, or the first of `name-2.gif`, ... that is not there.
fn free_name(folder: &RunFolder, name: &str) -> PathBuf {
    let numbered = (2u64..).map(|number| format!("{name}-{number}.gif"));
    let mut paths = std::iter::once(format!("{name}.gif")).chain(numbered).map(|name| folder.file(&name));
    paths.find(|path| !path.exists()).unwrap_or_else(|| folder.file(name))
}

/// An episode as a GIF at its own pace, thinned where it is long.
///
/// # Errors
/// An environment's own, where it fails to reset or step, and `Interrupted`.
pub fn gif(config: &Config, policy: &ActorCritic, play: Play, stop: &Interrupt) -> Result<Vec<u8>> {
    let new = || Ok::<_, anyhow::Error>(Solo { player: Player::new(config, policy, play)?, over: false });
    let (mut rehearsal, mut length) = (new()?, 0u64);
    while !rehearsal.over {
        stop.check()?;
        rehearsal.advance()?;
        length += 1;
    }
    let shots = Shots { every: length.div_ceil(CHECKPOINT_PICTURES).max(1), most: u64::MAX, stop };
    let (mut scene, mut bytes) = (new()?, Vec::new());
    let fps = scene.fps() / shots.every as f64;
    film(&mut scene, &mut Gif::new(&mut bytes, fps)?, shots, |_| ())?;
    Ok(bytes)
}

/// What was recorded.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The GIF, or the folder of the PNG files.
    pub path: PathBuf,
    /// What is in it.
    pub film: Film,
}

/// How much was filmed.
#[derive(Clone, Copy, Debug)]
pub struct Film {
    /// How many pictures there are.
    pub pictures: u64,
    /// Whether it ends before the episode does, at 64 MB.
    pub cut_off: bool,
}

/// Which steps become pictures, beside the last, and the wish to give it up.
#[derive(Clone, Copy)]
struct Shots<'a> {
    every: u64,
    most: u64,
    stop: &'a Interrupt,
}

/// Films until the scene is over, its last picture included.
fn film(scene: &mut dyn Scene, reel: &mut dyn Reel, shots: Shots<'_>, each: impl Fn(u64)) -> Result<Film> {
    let (mut pictures, mut step) = (0, 0u64);
    loop {
        shots.stop.check()?;
        if step.is_multiple_of(shots.every) || scene.is_over() {
            pictures = reel.add(scene.picture()?)?;
            each(pictures);
        }
        let cut_off = reel.is_full() && !scene.is_over();
        if cut_off || scene.is_over() || pictures == shots.most {
            reel.end()?;
            return Ok(Film { pictures, cut_off });
        }
        scene.advance()?;
        step += 1;
    }
}

/// What can be filmed.
trait Scene {
    fn fps(&self) -> f64;
    fn is_over(&self) -> bool;
    fn advance(&mut self) -> Result<()>;
    fn picture(&mut self) -> Result<RgbImage>;
}

/// One episode.
struct Solo {
    player: Player,
    over: bool,
}

impl Scene for Solo {
    fn fps(&self) -> f64 {
        self.player.fps
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn advance(&mut self) -> Result<()> {
        self.over = self.player.advance()?.is_some();
        Ok(())
    }

    fn picture(&mut self) -> Result<RgbImage> {
        self.player.picture()
    }
}

/// An episode of each checkpoint, all at once and from the same start.
struct Grid {
    cells: Vec<Cell>,
}

struct Cell {
    epoch: u64,
    player: Player,
    /// The newest picture that was shown, in the cell's size.
    picture: RgbImage,
    /// The return of the whole episode, once it has ended.
    ended: Option<f64>,
    /// Whether its last picture was shown.
    frozen: bool,
}

impl Grid {
    fn new(folder: &RunFolder, config: &Config, play: Play) -> Result<Self> {
        let epochs = folder.checkpoints();
        ensure!(!epochs.is_empty(), "{} has no checkpoints", folder.file("checkpoints").display());
        let cell = |epoch| {
            let policy = evaluate::load(folder, config, &Checkpoint::Epoch(epoch))?;
            let player = Player::new(config, &policy, play)?;
            Ok(Cell { epoch, picture: small(&player.picture()?), player, ended: None, frozen: false })
        };
        Ok(Self { cells: epochs.into_iter().map(cell).collect::<Result<_>>()? })
    }

    /// The steps of the longest episode.
    fn length(mut self, stop: &Interrupt) -> Result<u64> {
        let mut steps = 0;
        while !self.is_over() {
            stop.check()?;
            self.advance()?;
            steps += 1;
        }
        Ok(steps)
    }
}

impl Scene for Grid {
    fn fps(&self) -> f64 {
        GRID_FPS
    }

    fn is_over(&self) -> bool {
        self.cells.iter().all(|cell| cell.ended.is_some())
    }

    fn advance(&mut self) -> Result<()> {
        for cell in self.cells.iter_mut().filter(|cell| cell.ended.is_none()) {
            cell.ended = cell.player.advance()?.map(|episode| episode.episode_return);
        }
        Ok(())
    }

    fn picture(&mut self) -> Result<RgbImage> {
        for cell in self.cells.iter_mut().filter(|cell| !cell.frozen) {
            cell.picture = small(&cell.player.picture()?);
            cell.frozen = cell.ended.is_some();
        }
        let (width, height) = self.cells[0].picture.dimensions();
        let (columns, rows) = (self.cells.len().min(COLUMNS), self.cells.len().div_ceil(COLUMNS));
        let (column_width, row_height) = (width + GAP, height + CAPTION_HEIGHT + GAP);
        let size = (columns as u32 * column_width + GAP, rows as u32 * row_height + GAP);
        let mut sheet = RgbImage::from_pixel(size.0, size.1, image::Rgb([255; 3]));
        for (i, cell) in self.cells.iter().enumerate() {
            let (x, y) = ((i % COLUMNS) as u32 * column_width + GAP, (i / COLUMNS) as u32 * row_height + GAP);
            let so_far = cell.ended.unwrap_or(cell.player.episode_return);
            let caption = format!("epoch {}: return {so_far:.0}", cell.epoch);
            write_text(&mut sheet, &caption, (x, y), CAPTION_HEIGHT * 2 / 3);
            let top = y + CAPTION_HEIGHT;
            let frame = RgbImage::from_pixel(width + 2, height + 2, image::Rgb([200; 3]));
            imageops::replace(&mut sheet, &frame, i64::from(x) - 1, i64::from(top) - 1);
            imageops::replace(&mut sheet, &cell.picture, x.into(), top.into());
        }
        Ok(sheet)
    }
}

fn small(picture: &RgbImage) -> RgbImage {
    let height = (picture.height() * CELL_WIDTH).div_ceil(picture.width());
    imageops::resize(picture, CELL_WIDTH, height, FilterType::Triangle)
}

/// What takes pictures.
trait Reel {
    /// Gives how many it has then.
    fn add(&mut self, picture: RgbImage) -> Result<u64>;
    /// Whether no more should be added.
    fn is_full(&self) -> bool {
        false
    }
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Hundredths of a second that browsers still show a picture for; they slow down what is faster.
const LEAST_DELAY: u64 = 2;

/// A GIF counts time in hundredths of a second. Each picture ends at the hundredth nearest to its own end, so that the
/// whole keeps its pace; one that would be shown for less than two of them is left out, the last aside.
struct Gif<W: Write> {
    encoder: GifEncoder<Counting<W>>,
    written: Rc<Counter<u64>>,
    fps: f64,
    /// The pictures that came so far.
    pictures: u64,
    /// Those of them that are left out.
    skipped: u64,
    /// The newest that is not written yet, and the hundredth at which it begins.
    held: Option<(RgbImage, u64)>,
}

impl<W: Write> Gif<W> {
    fn new(writer: W, fps: f64) -> Result<Self> {
        let written = Rc::new(Counter::new(0));
        let mut encoder = GifEncoder::new_with_speed(Counting { writer, written: Rc::clone(&written) }, GIF_SPEED);
        encoder.set_repeat(Repeat::Infinite)?;
        Ok(Self { encoder, written, fps, pictures: 0, skipped: 0, held: None })
    }

    /// The hundredth at which picture `number` begins.
    fn start(&self, number: u64) -> u64 {
        (100.0 * number as f64 / self.fps).round() as u64
    }

    fn write(&mut self, picture: RgbImage, delay: u64) -> Result<()> {
        let picture = DynamicImage::ImageRgb8(picture).into_rgba8();
        let delay = Delay::from_numer_denom_ms(10 * delay as u32, 1);
        self.encoder.encode_frame(Frame::from_parts(picture, 0, 0, delay)).context("cannot write the GIF")
    }
}

impl<W: Write> Reel for Gif<W> {
    fn add(&mut self, picture: RgbImage) -> Result<u64> {
        let start = self.start(self.pictures);
        self.pictures += 1;
        match self.held.take() {
            Some((held, began)) if start >= began + LEAST_DELAY => {
                self.write(held, start - began)?;
                self.held = Some((picture, start));
            }
            // Too short to be seen: the newer one is shown from then on, so that the last is not lost.
            Some((_, began)) => {
                self.held = Some((picture, began));
                self.skipped += 1;
            }
            None => self.held = Some((picture, start)),
        }
        Ok(self.pictures - self.skipped)
    }

    fn is_full(&self) -> bool {
        self.written.get() >= MAX_BYTES
    }

    fn end(&mut self) -> Result<()> {
        let end = self.start(self.pictures);
        match self.held.take() {
            Some((held, began)) => self.write(held, (end.saturating_sub(began)).max(LEAST_DELAY)),
            None => Ok(()),
        }
    }
}

/// Counts what goes through.
struct Counting<W: Write> {
    writer: W,
    written: Rc<Counter<u64>>,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.written.set(self.written.get() + count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// 00000.png, 00001.png, ...
struct Numbered {
    folder: PathBuf,
    pictures: u64,
}

impl Numbered {
    /// In a folder without PNG files: those of an earlier recording would mix with these.
    fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot write {}", folder.display()))?;
        let is_png = |entry: fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "png");
        let has_pictures = fs::read_dir(folder)?.flatten().any(is_png);
        ensure!(!has_pictures, "{} holds PNG files already: choose another --frames", folder.display());
        Ok(Self { folder: folder.to_owned(), pictures: 0 })
    }
}

impl Reel for Numbered {
    fn add(&mut self, picture: RgbImage) -> Result<u64> {
        let path = self.folder.join(format!("{:05}.png", self.pictures));
        self.pictures += 1;
        picture.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(self.pictures)
    }
}

#[cfg(test)]
mod tests {
    use image::{AnimationDecoder, codecs::gif::GifDecoder};

    use super::*;

    /// The delays in hundredths of a second of a second's pictures.
    fn delays(fps: u32) -> Vec<u32> {
        let mut bytes = Vec::new();
        let mut gif = Gif::new(&mut bytes, f64::from(fps)).unwrap();
        for i in 0..fps {
            gif.add(RgbImage::from_pixel(8, 8, image::Rgb([i as u8; 3]))).unwrap();
        }
        gif.end().unwrap();
        drop(gif);
        let frames = GifDecoder::new(io::Cursor::new(bytes)).unwrap().into_frames().collect_frames().unwrap();
        let last = frames.last().unwrap().buffer().get_pixel(4, 4).0[0];
        assert_eq!(u32::from(last), fps - 1, "the last picture is there");
        frames.iter().map(|frame| frame.delay().numer_denom_ms().0 / frame.delay().numer_denom_ms().1 / 10).collect()
    }

    #[test]
    fn recordings_keep_their_pace_and_browsers_follow() {
        for fps in [10, 15, 30, 45, 50, 60, 100] {
            let delays = delays(fps);
            let total: u32 = delays.iter().sum();
            assert!((100..=102).contains(&total), "{fps} pictures of a second take {total} hundredths");
            assert!(delays.iter().all(|delay| *delay >= 2), "{fps}: {delays:?}");
        }
        assert_eq!(&delays(15)[..3], [7, 6, 7]);
    }
}
