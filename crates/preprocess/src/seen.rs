//! Which colours are a game's background: those that its rows show in its first frames.

use std::ops::Range;

use envs::{Action, Env, Error, Seed, Space};

use crate::{DifferenceConfig, FrameFormat, WIDTH, background::Background, config::field, wrapper::frame_height};

/// Steps that are looked at.
const STEPS: i64 = 64;
/// A second colour is background, too, where one of so many cells shows it and never another: objects move.
const SECOND: usize = 5;

impl DifferenceConfig {
    /// These options with the background of a game: in each row the colour that its cells show most often in the first
    /// frames, and a second one where a fifth of them never show another. Where most cells show `phi`'s own colours, which
    /// are Pong's, or a background is chosen already, it stays so. Where less differs from the first frame than from that
    /// background, a frame that is shown is held against it. `env` is reset and played for 64 steps.
    ///
    /// ```
    /// # #[cfg(feature = "atari")] {
    /// use envs::atari::{Atari, AtariConfig, ObsType};
    /// use preprocess::{DifferenceConfig, FrameFormat};
    /// let shown = DifferenceConfig { with_frame: true, ..DifferenceConfig::default() };
    /// let seen_in = |id: &str| {
    ///     let game = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id(id)? };
    ///     shown.seen_in(&mut Atari::new(&game)?, FrameFormat::Palette)
    /// };
    /// assert_eq!(seen_in("Pong")?, shown);
    /// let breakout = seen_in("ALE/Breakout-v5")?;
    /// assert!(breakout.background.is_some() && breakout.against_first);
    /// # }
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the environment, and [`Error::InvalidOption`] where its observations are no such frames.
    pub fn seen_in(self, env: &mut impl Env<Obs = u8>, format: FrameFormat) -> Result<Self, Error> {
        self.check()?;
        if self.background.is_some() {
            return Ok(self);
        }
        let frames = first_frames(env, format)?;
        let phis = self.phi.background(format);
        let cells: usize = frames.iter().map(Vec::len).sum();
        if 2 * frames.iter().flatten().filter(|value| phis.contains(value)).count() >= cells {
            return Ok(self);
        }
        let background = Background(std::array::from_fn(|row| colours(&frames, row * WIDTH..(row + 1) * WIDTH)));
        let against_first = self.with_frame && differs_less_from_first(&frames, &background);
        Ok(Self { background: Some(background), against_first, ..self })
    }
}

/// Whether less of these frames differs from the first one than from the background.
fn differs_less_from_first(frames: &[Vec<u8>], background: &Background) -> bool {
    let shows = |(place, value): (usize, &u8)| !background.of_row(place / WIDTH).contains(value);
    let shown = |frame: &[u8]| frame.iter().enumerate().map(shows).collect::<Vec<_>>();
    let masks: Vec<Vec<bool>> = frames.iter().map(|frame| shown(frame)).collect();
    let Some(first) = masks.first() else { return false };
    let lit = masks.iter().flatten().filter(|shows| **shows).count();
    let differ = masks.iter().map(|mask| mask.iter().zip(first).filter(|(now, first)| now != first).count());
    differ.sum::<usize>() < lit
}

/// The background of a row, whose pixels stand in this range of every frame.
fn colours(frames: &[Vec<u8>], row: Range<usize>) -> [u8; 2] {
    let (mut shown, mut still) = ([0; 256], [0; 256]);
    for frame in frames {
        frame[row.clone()].iter().for_each(|&value| shown[usize::from(value)] += 1);
    }
    let [first, others @ ..] = frames else { return [0; 2] };
    for place in row.clone().filter(|&place| others.iter().all(|frame| frame[place] == first[place])) {
        still[usize::from(first[place])] += 1;
    }
    let commonest = |counts: &[usize; 256]| (0..=u8::MAX).max_by_key(|&value| counts[usize::from(value)]).unwrap_or(0);
    let background = commonest(&shown);
    still[usize::from(background)] = 0;
    let second = commonest(&still);
    if SECOND * still[usize::from(second)] >= row.len() { [background, second] } else { [background; 2] }
}

/// The rows that have cells of the frames of the first steps; of RGB the greens.
fn first_frames(env: &mut impl Env<Obs = u8>, format: FrameFormat) -> Result<Vec<Vec<u8>>, Error> {
    let height = frame_height(env.observation_space(), format)?;
    let Space::Discrete(actions) = *env.action_space() else {
        let (name, value) = ("action space", env.action_space().to_string());
        return Err(Error::InvalidOption { name, value, expected: "a discrete one, as games have".into() });
    };
    let (channels, rows) = (format.channels(), field(height));
    let mut frame = vec![0; height * WIDTH * channels];
    let mut frames = Vec::new();
    env.reset(Some(&Seed::from(0)), &mut frame)?;
    for step in 0..STEPS {
        let pixels = frame.iter().skip(channels / 2).step_by(channels);
        frames.push(pixels.copied().skip(rows.start * WIDTH).take(rows.len() * WIDTH).collect());
        let step = env.step(Action::Discrete(actions.start + step % actions.n), &mut frame)?;
        if step.terminated || step.truncated {
            env.reset(None, &mut frame)?;
        }
    }
    Ok(frames)
}
