//! `vpg record`: a policy at play as a GIF or as PNG frames, and a run's checkpoints side by side.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use image::{
    Delay, DynamicImage, Frame, RgbImage,
    codecs::gif::{GifEncoder, Repeat},
    imageops::{self, FilterType},
};

use crate::{
    config::Config,
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
    /// The GIF [default: record.gif or grid.gif in the run folder].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the pictures as numbered PNG files into this folder in place of a GIF.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub frames: Option<PathBuf>,
    /// All checkpoints side by side, three a row, each with its epoch and return.
    #[arg(long, conflicts_with = "checkpoint")]
    pub grid: bool,
    /// Which policy: an epoch, `latest`, or a safetensors file.
    #[arg(long, value_name = "WHICH", default_value = "latest")]
    pub checkpoint: Checkpoint,
    #[command(flatten)]
    pub play: Play,
    /// End after this many pictures, even within the episode.
    #[arg(long, value_name = "N", default_value_t = MAX_PICTURES, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_frames: u64,
    /// Pictures a second [default: the environment's own pace; with --grid 30].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub fps: Option<u32>,
}

/// Enough for a few points of Pong.
const MAX_PICTURES: u64 = 600;
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
        let run = run.to_owned();
        let (checkpoint, max_frames) = (Checkpoint::Latest, MAX_PICTURES);
        Self {
            run,
            out: None,
            frames: None,
            grid: true,
            checkpoint,
            play: Play { seed: Play::SEED, deterministic: false },
            max_frames,
            fps: None,
        }
    }

    /// Plays and writes; gives where the pictures are and how many.
    ///
    /// # Errors
    /// Where the run or the policy cannot be read, the environment has no pictures, or the output cannot be written.
    pub fn record(&self) -> Result<(PathBuf, u64)> {
        let (folder, config) = RunFolder::open(&self.run)?;
        let name = if self.grid { "grid.gif" } else { "record.gif" };
        let gif = self.out.clone().unwrap_or_else(|| folder.file(name));
        let mut scene: Box<dyn Scene> = if self.grid {
            Box::new(Grid::new(&folder, &config, self.play)?)
        } else {
            let policy = evaluate::load(&folder, &config, &self.checkpoint)?;
            Box::new(Solo { player: Player::new(&config, &policy, self.play)?, over: false })
        };
        let fps = self.fps.map_or(scene.fps(), f64::from);
        let bar = progress::bar(self.max_frames, "pictures");
        let mut reel: Box<dyn Reel> = match &self.frames {
            Some(folder) => Box::new(Numbered::new(folder)?),
            None => {
                let file = File::create(&gif).with_context(|| format!("cannot write {}", gif.display()))?;
                Box::new(Gif::new(BufWriter::new(file), fps)?)
            }
        };
        let pictures = film(scene.as_mut(), reel.as_mut(), self.max_frames, || bar.inc(1))?;
        bar.finish_and_clear();
        Ok((self.frames.clone().unwrap_or(gif), pictures))
    }
}

/// The beginning of an episode as a GIF at its own pace.
///
/// # Errors
/// Those of the environment.
pub fn gif(config: &Config, policy: &ActorCritic, play: Play) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut scene = Solo { player: Player::new(config, policy, play)?, over: false };
    let fps = scene.fps();
    film(&mut scene, &mut Gif::new(&mut bytes, fps)?, MAX_PICTURES, || ())?;
    Ok(bytes)
}

/// Films until the scene is over; gives the number of pictures.
fn film(scene: &mut dyn Scene, reel: &mut dyn Reel, max_pictures: u64, each: impl Fn()) -> Result<u64> {
    let mut pictures = 0;
    while pictures < max_pictures && !scene.is_over() {
        reel.add(scene.picture()?)?;
        scene.advance()?;
        pictures += 1;
        each();
    }
    Ok(pictures)
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

/// An episode of each checkpoint, all at once.
struct Grid {
    cells: Vec<Cell>,
}

struct Cell {
    epoch: u64,
    player: Player,
    /// The newest picture, in the cell's size.
    picture: RgbImage,
    /// The return of the whole episode, once it has ended.
    ended: Option<f64>,
}

impl Grid {
    fn new(folder: &RunFolder, config: &Config, play: Play) -> Result<Self> {
        let epochs = folder.checkpoints();
        ensure!(!epochs.is_empty(), "{} has no checkpoints", folder.file("checkpoints").display());
        let cell = |epoch| {
            let policy = evaluate::load(folder, config, &Checkpoint::Epoch(epoch))?;
            let player = Player::new(config, &policy, play)?;
            Ok(Cell { epoch, picture: small(&player.picture()?), player, ended: None })
        };
        Ok(Self { cells: epochs.into_iter().map(cell).collect::<Result<_>>()? })
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
            if cell.ended.is_none() {
                cell.picture = small(&cell.player.picture()?);
            }
        }
        Ok(())
    }

    fn picture(&mut self) -> Result<RgbImage> {
        let (width, height) = self.cells[0].picture.dimensions();
        let (columns, rows) = (self.cells.len().min(COLUMNS), self.cells.len().div_ceil(COLUMNS));
        let (column_width, row_height) = (width + GAP, height + CAPTION_HEIGHT + GAP);
        let size = (columns as u32 * column_width + GAP, rows as u32 * row_height + GAP);
        let mut sheet = RgbImage::from_pixel(size.0, size.1, image::Rgb([255; 3]));
        for (i, cell) in self.cells.iter().enumerate() {
            let (x, y) = ((i % COLUMNS) as u32 * column_width + GAP, (i / COLUMNS) as u32 * row_height + GAP);
            let so_far = cell.ended.unwrap_or(cell.player.episode_return);
            write_text(
                &mut sheet,
                &format!("epoch {}: return {so_far:.0}", cell.epoch),
                (x, y),
                CAPTION_HEIGHT * 2 / 3,
            )?;
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
    fn add(&mut self, picture: RgbImage) -> Result<()>;
}

struct Gif<W: Write> {
    encoder: GifEncoder<W>,
    delay: Delay,
}

impl<W: Write> Gif<W> {
    fn new(writer: W, fps: f64) -> Result<Self> {
        let mut encoder = GifEncoder::new_with_speed(writer, GIF_SPEED);
        encoder.set_repeat(Repeat::Infinite)?;
        Ok(Self { encoder, delay: Delay::from_numer_denom_ms(1_000_000, (1000.0 * fps) as u32) })
    }
}

impl<W: Write> Reel for Gif<W> {
    fn add(&mut self, picture: RgbImage) -> Result<()> {
        let picture = DynamicImage::ImageRgb8(picture).into_rgba8();
        self.encoder.encode_frame(Frame::from_parts(picture, 0, 0, self.delay)).context("cannot write the GIF")
    }
}

/// 00000.png, 00001.png, ...
struct Numbered {
    folder: PathBuf,
    pictures: u64,
}

impl Numbered {
    fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot write {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), pictures: 0 })
    }
}

impl Reel for Numbered {
    fn add(&mut self, picture: RgbImage) -> Result<()> {
        let path = self.folder.join(format!("{:05}.png", self.pictures));
        self.pictures += 1;
        picture.save(&path).with_context(|| format!("cannot write {}", path.display()))
    }
}
