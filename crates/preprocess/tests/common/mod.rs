//! An environment that shows given frames, one after the other.
#![allow(dead_code, reason = "every test uses a part of it")]

use envs::{Action, DType, Env, Error, Info, Seed, Space, Step, check_row};
use image::RgbImage;
use preprocess::FrameFormat;

pub struct Film {
    pub space: Space,
    pub actions: Space,
    pub frames: Vec<Vec<u8>>,
    pub position: u8,
    /// The frame that terminates an episode, if it has one.
    pub end: Option<u8>,
    /// The first frame with one life of three less, if it has one.
    pub life_lost: Option<u8>,
}

impl Film {
    pub fn new(format: FrameFormat, frames: Vec<Vec<u8>>) -> Self {
        Self::of_shape(format.shape(), frames)
    }

    pub fn of_shape(shape: &[usize], frames: Vec<Vec<u8>>) -> Self {
        let space = Space::boxed(shape, DType::U8, 0.0, 255.0);
        Self { space, actions: Space::discrete(3), frames, position: 0, end: None, life_lost: None }
    }

    fn info(&self) -> Info {
        let lost = self.life_lost.is_some_and(|lost| self.position >= lost);
        Info { lives: Some(3 - u32::from(lost)), ..Info::default() }
    }
}

impl Env for Film {
    type Obs = u8;

    fn observation_space(&self) -> &Space {
        &self.space
    }

    fn action_space(&self) -> &Space {
        &self.actions
    }

    fn reset(&mut self, _: Option<&Seed>, observation: &mut [u8]) -> Result<Info, Error> {
        check_row(observation, &self.space)?;
        self.position = 0;
        observation.copy_from_slice(&self.frames[0]);
        Ok(self.info())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        if !self.action_space().contains(action) {
            return Err(Error::InvalidAction { action: action.to_string(), expected: "0 to 2".into() });
        }
        self.position += 1;
        observation.copy_from_slice(&self.frames[usize::from(self.position) % self.frames.len()]);
        let terminated = self.end == Some(self.position);
        Ok(Step { reward: f64::from(self.position), terminated, info: self.info(), ..Step::default() })
    }

    fn render(&self) -> Result<RgbImage, Error> {
        Ok(RgbImage::new(160, 210))
    }

    fn render_fps(&self) -> u32 {
        60
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state.push(self.position);
        Ok(())
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let (position, rest) = state.split_first().ok_or(Error::BadState { reason: "it is empty".into() })?;
        (self.position, *state) = (*position, rest);
        Ok(())
    }
}

/// Pong's colours as (palette index, red, green, blue), read off ALE 0.12.1.
pub const COLOURS: [(u8, [u8; 3]); 7] = [
    (34, [144, 72, 17]),
    (228, [109, 118, 43]),
    (200, [92, 186, 92]),
    (56, [213, 130, 74]),
    (14, [236, 236, 236]),
    (138, [101, 111, 228]),
    (210, [53, 95, 24]),
];

/// The same picture as palette indices and as RGB; `colour` gives an index into [`COLOURS`] for a row and a column.
pub fn picture(colour: impl Fn(usize, usize) -> usize) -> [Vec<u8>; 2] {
    let pixels = (0..210).flat_map(|row| (0..160).map(move |column| (row, column)));
    let colours: Vec<_> = pixels.map(|(row, column)| COLOURS[colour(row, column)]).collect();
    [colours.iter().map(|(index, _)| *index).collect(), colours.iter().flat_map(|(_, rgb)| *rgb).collect()]
}

/// A field of colour `field` with the ball's upper left corner at this row and column.
pub fn ball_at(field: usize, row: usize, column: usize) -> [Vec<u8>; 2] {
    picture(|r, c| if (row..row + 4).contains(&r) && (column..column + 2).contains(&c) { 4 } else { field })
}
