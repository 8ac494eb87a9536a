//! What gym-rs names of SDL2, which it needs only to draw. [`init`] fails, so that nothing else here ever runs: all types
//! behind it hold a [`Never`].

use std::convert::Infallible as Never;

type Fallible<T> = Result<T, String>;

/// Always an error.
pub fn init() -> Fallible<Sdl> {
    Err("this build of gym-rs draws nothing".into())
}

pub struct Sdl(Never);

impl Sdl {
    pub fn video(&self) -> Fallible<VideoSubsystem> {
        match self.0 {}
    }

    pub fn event_pump(&self) -> Fallible<EventPump> {
        match self.0 {}
    }
}

pub struct VideoSubsystem(Never);

impl VideoSubsystem {
    pub fn window(&self, _title: &str, _width: u32, _height: u32) -> WindowBuilder {
        match self.0 {}
    }
}

pub struct WindowBuilder(Never);

impl WindowBuilder {
    pub fn position_centered(&mut self) -> &mut Self {
        self
    }

    pub fn hidden(&mut self) -> &mut Self {
        self
    }

    pub fn build(&self) -> Fallible<Window> {
        match self.0 {}
    }
}

pub struct Window(Never);

impl Window {
    pub fn into_canvas(self) -> CanvasBuilder {
        match self.0 {}
    }
}

pub struct CanvasBuilder(Never);

impl CanvasBuilder {
    pub fn accelerated(self) -> Self {
        self
    }

    pub fn build(self) -> Fallible<render::WindowCanvas> {
        match self.0 {}
    }
}

pub struct EventPump(Never);

impl EventPump {
    pub fn poll_iter(&mut self) -> std::iter::Empty<event::Event> {
        match self.0 {}
    }
}

pub mod event {
    pub enum Event {
        Quit {},
        Other,
    }
}

pub mod pixels {
    #[derive(Clone, Copy)]
    pub struct Color;

    #[allow(non_snake_case, reason = "SDL2's name")]
    impl Color {
        pub const WHITE: Self = Self;
        pub const BLACK: Self = Self;

        pub const fn RGB(_: u8, _: u8, _: u8) -> Self {
            Self
        }
    }

    pub enum PixelFormatEnum {
        RGB24,
    }
}

pub mod rect {
    #[derive(Clone, Copy)]
    pub struct Rect;

    #[derive(Clone, Copy)]
    pub struct Point;

    impl Point {
        pub fn new(_x: i32, _y: i32) -> Self {
            Self
        }
    }
}

pub mod render {
    use crate::{
        Fallible, Never,
        pixels::{Color, PixelFormatEnum},
        rect::{Point, Rect},
    };

    pub struct WindowCanvas(pub(crate) Never);

    impl WindowCanvas {
        pub fn read_pixels(&self, _: Option<Rect>, _: PixelFormatEnum) -> Fallible<Vec<u8>> {
            match self.0 {}
        }

        pub fn present(&mut self) {}

        pub fn clear(&mut self) {}

        pub fn set_draw_color(&mut self, _: Color) {}

        pub fn draw_lines(&mut self, _: &[Point]) -> Fallible<()> {
            match self.0 {}
        }

        pub fn texture_creator(&self) -> TextureCreator {
            match self.0 {}
        }

        pub fn with_texture_canvas(&mut self, _: &mut Texture, _: impl FnMut(&mut Self)) -> Fallible<()> {
            match self.0 {}
        }

        #[allow(clippy::too_many_arguments, reason = "SDL2's function")]
        pub fn copy_ex(
            &mut self,
            _: &Texture,
            _: Option<Rect>,
            _: Option<Rect>,
            _: f64,
            _: Option<Point>,
            _: bool,
            _: bool,
        ) -> Fallible<()> {
            match self.0 {}
        }
    }

    pub struct TextureCreator(Never);

    impl TextureCreator {
        pub fn create_texture_target(&self, _: PixelFormatEnum, _: u32, _: u32) -> Fallible<Texture> {
            match self.0 {}
        }
    }

    pub struct Texture(#[allow(dead_code, reason = "there is none")] Never);
}

pub mod gfx {
    pub mod framerate {
        #[derive(Default)]
        pub struct FPSManager;

        impl FPSManager {
            pub fn new() -> Self {
                Self
            }

            pub fn set_framerate(&mut self, _: u32) -> Result<(), String> {
                Ok(())
            }

            pub fn delay(&mut self) {}
        }
    }

    pub mod primitives {
        use crate::{Fallible, pixels::Color, render::WindowCanvas};

        pub trait DrawRenderer {
            fn aa_polygon(&self, xs: &[i16], ys: &[i16], color: Color) -> Fallible<()>;
            fn filled_polygon(&self, xs: &[i16], ys: &[i16], color: Color) -> Fallible<()>;
            fn aa_circle(&self, x: i16, y: i16, radius: i16, color: Color) -> Fallible<()>;
            fn filled_circle(&self, x: i16, y: i16, radius: i16, color: Color) -> Fallible<()>;
            fn hline(&self, x1: i16, x2: i16, y: i16, color: Color) -> Fallible<()>;
            fn vline(&self, x: i16, y1: i16, y2: i16, color: Color) -> Fallible<()>;
        }

        impl DrawRenderer for WindowCanvas {
            fn aa_polygon(&self, _: &[i16], _: &[i16], _: Color) -> Fallible<()> {
                match self.0 {}
            }

            fn filled_polygon(&self, _: &[i16], _: &[i16], _: Color) -> Fallible<()> {
                match self.0 {}
            }

            fn aa_circle(&self, _: i16, _: i16, _: i16, _: Color) -> Fallible<()> {
                match self.0 {}
            }

            fn filled_circle(&self, _: i16, _: i16, _: i16, _: Color) -> Fallible<()> {
                match self.0 {}
            }

            fn hline(&self, _: i16, _: i16, _: i16, _: Color) -> Fallible<()> {
                match self.0 {}
            }

            fn vline(&self, _: i16, _: i16, _: i16, _: Color) -> Fallible<()> {
                match self.0 {}
            }
        }
    }
}
