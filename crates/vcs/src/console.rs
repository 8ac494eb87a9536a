//! The console as its users see it: frame by frame.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    bus::Bus,
    cpu::{self, Cpu},
    image::Image,
    inputs::Inputs,
    machine::{MOST_INSTRUCTIONS, Machine},
    rom::Rom,
    screen::{HEIGHT_PAL, Screen, WIDTH},
    tia::ALL_PAIRS,
};
#[cfg(feature = "translate")]
use crate::{error::Error, translate::Translations};

/// The most frames since the last CXCLR that are played again for a collision that nobody had asked for before.
const PAST: usize = 8;

/// Everything about a console that changes, but for the screen: plain data, saved and restored by copying it.
///
/// ```
/// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
/// let saved: vcs::State = *console.state();
/// console.run_frame(&vcs::Inputs::default());
/// console.restore(&saved);
/// assert_eq!(console.state(), &saved);
/// # Ok::<(), vcs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) now: Moment,
    past: Past,
}

/// A console between two frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    cpu: Cpu,
    pub(crate) machine: Machine,
}

/// How the console came to where it is since the collisions were last cleared. Only those that the program asked for of late are
/// found; where it asks for another one, these frames are played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Past {
    /// The begin of the frame in which they were cleared.
    begin: Moment,
    /// The inputs of that frame and of those after it; none where every collision is known.
    inputs: [Inputs; PAST],
    frames: u8,
}

/// What a console has besides its state.
struct Setup<'a> {
    screen: &'a mut Screen,
    rom: &'a Rom,
    #[cfg(feature = "translate")]
    translating: bool,
}

impl State {
    fn new(now: Moment, image: &Image) -> Self {
        let begin = Moment { cpu: Cpu::new(), machine: Machine::new(image, [0; 128], 0) };
        Self { now, past: Past { begin, inputs: [Inputs::default(); PAST], frames: 0 } }
    }

    /// Runs to the end of a frame.
    fn run_frame(&mut self, inputs: &Inputs, drawing: bool, setup: &mut Setup) {
        let mut begin = self.now;
        self.now.run_frame(&begin, inputs, drawing, setup);
        while self.now.machine.tia.has_missed() {
            begin = self.past.replay(begin, self.now.machine.tia.asked(), setup);
            self.now = begin;
            self.now.run_frame(&begin, inputs, drawing, setup);
        }
        self.remember(begin, inputs, setup);
    }

    fn remember(&mut self, begin: Moment, inputs: &Inputs, setup: &mut Setup) {
        let (tia, past) = (&self.now.machine.tia, &mut self.past);
        if tia.knows_all() {
            past.frames = 0;
            return;
        }
        if tia.was_cleared() {
            (past.begin, past.frames) = (begin, 0);
        }
        match past.inputs.get_mut(usize::from(past.frames)) {
            Some(next) => {
                *next = *inputs;
                past.frames += 1;
            }
            None => {
                let asked = tia.asked();
                let begin = past.replay(begin, ALL_PAIRS, setup);
                self.now = begin;
                self.now.run_frame(&begin, inputs, false, setup);
                self.now.machine.tia.ask_only(asked);
                past.frames = 0;
            }
        }
    }
}

impl Past {
    /// Comes to `now` again, and finds these collisions on the way.
    fn replay(&self, now: Moment, asked: u16, setup: &mut Setup) -> Moment {
        let frames = &self.inputs[..usize::from(self.frames).min(PAST)];
        let mut moment = if frames.is_empty() { now } else { self.begin };
        moment.machine.tia.ask(asked);
        for inputs in frames {
            let begin = moment;
            moment.run_frame(&begin, inputs, false, setup);
        }
        // This changes nothing but where the state came from elsewhere and says otherwise than these frames.
        moment.machine.tia.ask(asked);
        moment
    }
}

impl Moment {
    /// Runs to the end of a frame, at whose `begin` it is.
    fn run_frame(&mut self, begin: &Self, inputs: &Inputs, drawing: bool, setup: &mut Setup) {
        self.machine.begin_frame(inputs, drawing);
        #[cfg(feature = "translate")]
        if setup.translating {
            self.run_translated(setup.screen, setup.rom);
        }
        self.run(setup.screen, setup.rom);
        if !self.machine.has_ended() {
            *self = *begin;
            self.machine.begin_frame(inputs, drawing);
            self.run_counting(setup.screen, setup.rom);
        }
        if !self.machine.overdue {
            self.machine.tia.catch_up(3 * self.machine.t, setup.screen);
        }
        self.machine.tia.end_drawing(setup.screen);
    }

    /// Runs to the machine's limit.
    fn run(&mut self, screen: &mut Screen, rom: &Rom) {
        cpu::run(&mut self.cpu, &mut Bus { machine: &mut self.machine, screen, image: &rom.image });
    }

    /// Runs translated where that is possible, as long as it is early in the frame.
    #[cfg(feature = "translate")]
    fn run_translated(&mut self, screen: &mut Screen, rom: &Rom) {
        let Self { cpu, machine } = self;
        let mut bus = Bus { machine, screen, image: &rom.image };
        loop {
            rom.translations.run(cpu, &mut bus);
            if !Translations::is_early(bus.machine) {
                return;
            }
            cpu::run_some(cpu, &mut bus, 1);
        }
    }

    /// Runs to the end of a long frame, instruction by instruction.
    fn run_counting(&mut self, screen: &mut Screen, rom: &Rom) {
        self.machine.limit = u32::MAX;
        let mut bus = Bus { machine: &mut self.machine, screen, image: &rom.image };
        cpu::run_some(&mut self.cpu, &mut bus, MOST_INSTRUCTIONS);
        self.machine.overdue = !self.machine.has_ended();
    }
}

/// A console with a cartridge in it.
///
/// ```
/// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
/// for _ in 0..60 {
///     console.run_frame(&vcs::Inputs::default());
/// }
/// assert!(console.screen().iter().all(|pixel| *pixel == 0));
/// # Ok::<(), vcs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Console {
    rom: Arc<Rom>,
    state: State,
    screen: Box<Screen>,
    /// The picture before that, over which the next one is drawn: what a short frame does not reach stays.
    before: Box<Screen>,
    #[cfg(feature = "translate")]
    translating: bool,
}

impl Console {
    /// A console that was just switched on, with zeros in its memory.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// assert_eq!(console.ram(), &[0; 128]);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn new(rom: Rom) -> Self {
        Self::with_memory(Arc::new(rom), [0; 128], 0)
    }

    /// A console that was just switched on, with this memory and this start of the timer, which are arbitrary in a real
    /// console.
    ///
    /// ```
    /// let rom = std::sync::Arc::new(vcs::Rom::new(&[0xea; 4096])?);
    /// let console = vcs::Console::with_memory(rom, [0x5a; 128], 25);
    /// assert_eq!(console.ram()[0], 0x5a);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn with_memory(rom: Arc<Rom>, ram: [u8; 128], timer: u8) -> Self {
        let machine = Machine::new(&rom.image, ram, timer);
        let start = [0x1ffc, 0x1ffd].map(|address| machine.cartridge.peek(address, &rom.image));
        let cpu = Cpu { pc: u16::from_le_bytes(start), ..Cpu::new() };
        Self {
            state: State::new(Moment { cpu, machine }, &rom.image),
            rom,
            screen: Box::new([0; WIDTH * HEIGHT_PAL]),
            before: Box::new([0; WIDTH * HEIGHT_PAL]),
            #[cfg(feature = "translate")]
            translating: true,
        }
    }

    /// Switches the console off and on: as [`with_memory`](Self::with_memory) makes it, and with this in the memory that some
    /// cartridges have. Whether code runs translated stays as it was set.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.run_frame(&vcs::Inputs::default());
    /// console.switch_on([0x5a; 128], 25, [0; 128]);
    /// assert_eq!(console.ram()[0], 0x5a);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn switch_on(&mut self, ram: [u8; 128], timer: u8, cartridge_memory: [u8; 128]) {
        *self = Self {
            #[cfg(feature = "translate")]
            translating: self.translating,
            ..Self::with_memory(Arc::clone(&self.rom), ram, timer).with_cartridge_memory(cartridge_memory)
        };
    }

    /// This console with other content of the memory that some cartridges have, which is arbitrary, too.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 8192])?).with_cartridge_memory([0x77; 128]);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn with_cartridge_memory(mut self, memory: [u8; 128]) -> Self {
        self.state.now.machine.cartridge.ram = memory;
        self
    }

    /// The ROM in it.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// assert!(!console.rom().has_memory());
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn rom(&self) -> &Rom {
        &self.rom
    }

    /// Runs to the end of the frame and draws it.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.run_frame(&vcs::Inputs { fire: [true, false], ..Default::default() });
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn run_frame(&mut self, inputs: &Inputs) {
        self.run(inputs, true);
    }

    /// Runs to the end of the frame without drawing it. Everything but the screen is as if it were drawn.
    ///
    /// ```
    /// let mut seen = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// let mut unseen = seen.clone();
    /// seen.run_frame(&vcs::Inputs::default());
    /// unseen.run_frame_unseen(&vcs::Inputs::default());
    /// assert_eq!(seen.ram(), unseen.ram());
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn run_frame_unseen(&mut self, inputs: &Inputs) {
        self.run(inputs, false);
    }

    fn run(&mut self, inputs: &Inputs, drawing: bool) {
        // A frame that was left unfinished goes on in its picture.
        if drawing && !self.state.now.machine.overdue {
            std::mem::swap(&mut self.screen, &mut self.before);
        }
        let mut setup = Setup {
            screen: &mut self.screen,
            rom: &self.rom,
            #[cfg(feature = "translate")]
            translating: self.translating,
        };
        self.state.run_frame(inputs, drawing, &mut setup);
    }

    /// Runs to the end of the frame and draws it, translated and interpreted, and compares both.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.run_frame_checked(&vcs::Inputs::default())?;
    /// # Ok::<(), vcs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Translation`] where they differ; the console then is as the interpreter left it.
    #[cfg(feature = "translate")]
    pub fn run_frame_checked(&mut self, inputs: &Inputs) -> Result<(), Error> {
        let mut translated = self.clone();
        translated.set_translating(true);
        translated.run_frame(inputs);
        let translating = std::mem::replace(&mut self.translating, false);
        self.run_frame(inputs);
        self.translating = translating;
        match self.state == translated.state && self.screen == translated.screen {
            true => Ok(()),
            false => Err(Error::Translation),
        }
    }

    /// Lets hot code run translated, which it does at first, or not.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.set_translating(false);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    #[cfg(feature = "translate")]
    pub fn set_translating(&mut self, translating: bool) {
        self.translating = translating;
    }

    /// The palette index of each pixel of the last frame that was drawn, line by line: [`Television::height`] lines of
    /// [`WIDTH`](crate::WIDTH) pixels, or those that [`Rom::showing`] gives.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// assert_eq!(console.screen().len(), vcs::HEIGHT * vcs::WIDTH);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    ///
    /// [`Television::height`]: crate::Television::height
    /// [`Rom::showing`]: crate::Rom::showing
    pub fn screen(&self) -> &[u8] {
        &self.screen[..WIDTH * self.rom.image.lines.count as usize]
    }

    /// Puts another picture on the screen, as if the one before had been alike.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.set_screen(&[14; vcs::HEIGHT * vcs::WIDTH]);
    /// assert_eq!(console.screen()[0], 14);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    ///
    /// # Panics
    /// Where it has another size.
    pub fn set_screen(&mut self, screen: &[u8]) {
        let shown = self.screen().len();
        self.screen[..shown].copy_from_slice(screen);
        self.before[..shown].copy_from_slice(screen);
    }

    /// The picture that was drawn before the last one: what a short frame does not reach shows it.
    ///
    /// ```
    /// let mut console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// console.set_screen_before(&[14; vcs::HEIGHT * vcs::WIDTH]);
    /// assert_eq!(console.screen_before()[0], 14);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn screen_before(&self) -> &[u8] {
        &self.before[..self.screen().len()]
    }

    /// Whether the last frame was left unfinished: the next one goes on in its picture.
    ///
    /// ```
    /// let mut program = [0xea; 4096];
    /// program[..3].copy_from_slice(&[0x4c, 0x00, 0xf0]); // jumps to itself, and so never ends a frame
    /// program[0xffc..0xffe].copy_from_slice(&[0x00, 0xf0]); // where it begins
    /// let mut console = vcs::Console::new(vcs::Rom::new(&program)?);
    /// console.run_frame(&vcs::Inputs::default());
    /// assert!(console.is_unfinished());
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn is_unfinished(&self) -> bool {
        self.state.now.machine.overdue
    }

    /// Puts another picture where the one before the last is kept.
    ///
    /// # Panics
    /// Where it has another size.
    pub fn set_screen_before(&mut self, screen: &[u8]) {
        let shown = self.screen().len();
        self.before[..shown].copy_from_slice(screen);
    }

    #[cfg(test)]
    pub(crate) fn cpu(&self) -> &Cpu {
        &self.state.now.cpu
    }

    /// The memory, at the addresses 80 to FF.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 4096])?);
    /// assert_eq!(console.ram().len(), 128);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn ram(&self) -> &[u8; 128] {
        &self.state.now.machine.ram
    }

    /// The memory that some cartridges have, or the state of Pitfall II's chip; it stays as it was made where this one has
    /// neither.
    ///
    /// ```
    /// let console = vcs::Console::new(vcs::Rom::new(&[0xea; 8192])?).with_cartridge_memory([0x77; 128]);
    /// assert_eq!(console.cartridge_memory()[0], 0x77);
    /// # Ok::<(), vcs::Error>(())
    /// ```
    pub fn cartridge_memory(&self) -> &[u8; 128] {
        &self.state.now.machine.cartridge.ram
    }

    /// The state, to be copied. [`State`] has an example.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether this can be a state of this console: it is of a cartridge of this size, for this television.
    ///
    /// ```
    /// let [ntsc, pal] = [vcs::Television::Ntsc, vcs::Television::Pal].map(|television| {
    ///     vcs::Console::new(vcs::Rom::new(&[0xea; 4096]).unwrap().for_television(television))
    /// });
    /// assert!(ntsc.fits(ntsc.state()) && !ntsc.fits(pal.state()));
    /// ```
    pub fn fits(&self, state: &State) -> bool {
        [&state.now, &state.past.begin].iter().all(|moment| moment.machine.fits(&self.rom.image))
    }

    /// Goes back to a state of a console with the same cartridge. The screen stays as it is. [`State`] has an example.
    pub fn restore(&mut self, state: &State) {
        self.state = *state;
    }
}

#[cfg(all(test, feature = "translate"))]
mod tests {
    use super::*;

    #[test]
    fn a_console_that_is_switched_on_again_translates_as_it_was_set() {
        let mut console = Console::new(Rom::new(&[0xea; 4096]).unwrap());
        console.set_translating(false);
        console.switch_on([0; 128], 0, [0; 128]);
        assert!(!console.translating);
    }
}
