//! `vpg watch`: a policy at play in a window, titled with environment, episode and step.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Result;

use crate::config::{ANY, number_in};
use crate::play::evaluate::{Checkpoint, Play};

/// The flags of `vpg watch`.
#[derive(Clone, Debug, clap::Args)]
pub struct WatchArgs {
    /// A run folder.
    pub run: PathBuf,
    /// How many episodes to play.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub episodes: u64,
    #[command(flatten)]
    pub play: Play,
    /// Which policy: an epoch, `latest` (the newest at the beginning of each episode), `best`, or a safetensors file.
    #[arg(long, alias = "itr", value_name = "WHICH", default_value = "latest")]
    pub checkpoint: Checkpoint,
    /// The step limit of an episode [default: the run's].
    #[arg(long, alias = "len", value_name = "N", value_parser = number_in(ANY))]
    pub max_ep_len: Option<u64>,
    /// Pictures a second [default: the environment's own pace].
    #[arg(long, value_name = "N", value_parser = number_in(1..=1000))]
    pub fps: Option<u64>,
}

/// Shows the episodes until they are over or the window is closed (Escape closes it too).
///
/// # Errors
/// Where the run or the policy cannot be read, the environment has no pictures, there is no display, or the program was
/// built without windows.
#[cfg(feature = "watch")]
pub fn watch(args: &WatchArgs) -> Result<()> {
    use std::io::Write;

    use crate::{play::evaluate, play::player::Player, run::folder::RunFolder};

    let (folder, mut config) = RunFolder::open(&args.run)?;
    config.environment.max_ep_len = args.max_ep_len.or(config.environment.max_ep_len);
    let policy = evaluate::load(&folder, &config, &args.checkpoint)?;
    let mut player = Player::new(&config, &policy, args.play)?;
    let mut window = window::Window::open(
        &config.environment.id,
        &player.picture()?,
        args.fps.map_or(player.fps, |fps| fps as f64),
    )?;
    while player.episode <= args.episodes {
        let title = format!("{} | episode {} | step {}", config.environment.id, player.episode, player.step);
        if !window.show(&title, &player.picture()?)? {
            break;
        }
        if let Some(episode) = player.advance()? {
            let (number, ep_ret, ep_len) = (player.episode, episode.episode_return, episode.length);
            writeln!(std::io::stdout(), "Episode {number}  EpRet {ep_ret}  EpLen {ep_len}")?;
            if args.checkpoint == Checkpoint::Latest {
                player.set_policy(&evaluate::load(&folder, &config, &args.checkpoint)?);
            }
        }
    }
    Ok(())
}

#[cfg(feature = "watch")]
mod window {
    use anyhow::{Context, Result};
    use image::RgbImage;
    use minifb::{Key, ScaleMode, WindowOptions};

    pub struct Window {
        window: minifb::Window,
        /// 0RGB.
        pixels: Vec<u32>,
    }

    impl Window {
        /// A window that fits the picture, doubled where it is small.
        pub fn open(title: &str, picture: &RgbImage, fps: f64) -> Result<Self> {
            let (width, height) = (picture.width() as usize, picture.height() as usize);
            let factor = if width < 400 { 2 } else { 1 };
            let options =
                WindowOptions { resize: true, scale_mode: ScaleMode::AspectRatioStretch, ..WindowOptions::default() };
            let mut window = minifb::Window::new(title, width * factor, height * factor, options)
                .context("no window: is there a display? `vpg record` writes a GIF without one")?;
            window.set_target_fps(fps.round() as usize);
            Ok(Self { window, pixels: Vec::new() })
        }

        /// Shows the picture for as long as the pace wants; false where the person has closed the window.
        pub fn show(&mut self, title: &str, picture: &RgbImage) -> Result<bool> {
            let pixel = |rgb: &image::Rgb<u8>| u32::from_be_bytes([0, rgb.0[0], rgb.0[1], rgb.0[2]]);
            self.pixels.clear();
            self.pixels.extend(picture.pixels().map(pixel));
            self.window.set_title(title);
            self.window.update_with_buffer(&self.pixels, picture.width() as usize, picture.height() as usize)?;
            Ok(self.window.is_open() && !self.window.is_key_down(Key::Escape))
        }
    }
}

/// There are no windows in this build.
///
/// # Errors
/// Always, with the remedy.
#[cfg(not(feature = "watch"))]
pub fn watch(_: &WatchArgs) -> Result<()> {
    anyhow::bail!(
        "this vpg was built without windows: build it with `cargo build -p vpg --features watch`, or write a GIF with \
         `vpg record`"
    )
}

/// A window beside a training: `vpg watch` as a process of its own, which follows the newest policy until it is dropped.
#[derive(Debug)]
pub struct Beside(Child);

impl Beside {
    /// Opens it; none where there is no display, or the program was built without windows.
    ///
    /// # Errors
    /// Where the process cannot be started.
    pub fn open(run: &Path) -> Result<Option<Self>> {
        let needs_x11 = cfg!(all(unix, not(target_os = "macos")));
        if !cfg!(feature = "watch") || (needs_x11 && std::env::var_os("DISPLAY").is_none()) {
            return Ok(None);
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("watch").arg(run).arg("--episodes").arg(u64::MAX.to_string());
        Ok(Some(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have been closed
        let _ = self.0.wait();
    }
}
