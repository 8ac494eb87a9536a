//! The console as its users see it: frame by frame.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "translate")]
use crate::Error;
use crate::{
    Inputs,
    cartridge::Rom,
    cpu::{self, Cpu},
    machine::{MOST_INSTRUCTIONS, Machine},
    tia::{HEIGHT_PAL, Screen, WIDTH},
};

/// Everything about a console that changes, but for the screen: plain data, saved and restored by copying it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    cpu: Cpu,
    pub(crate) machine: Machine,
}

impl State {
    /// Runs to the end of a long frame, instruction by instruction.
    fn run_counting(&mut self, screen: &mut Screen, rom: &Rom) {
        for _ in 0..MOST_INSTRUCTIONS {
            self.machine.limit = self.machine.t + 1;
            cpu::run(&mut self.cpu, &mut self.machine, screen, rom);
            if self.machine.has_ended() {
                return;
            }
        }
        self.machine.overdue = true;
    }
}

/// A console with a cartridge in it.
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
    pub fn new(rom: Rom) -> Self {
        Self::with_memory(Arc::new(rom), [0; 128], 0)
    }

    /// The same with this memory and this start of the timer, which are arbitrary in a real console.
    pub fn with_memory(rom: Arc<Rom>, ram: [u8; 128], timer: u8) -> Self {
        let machine = Machine::new(&rom, ram, timer);
        let mut cpu = Cpu::new();
        cpu.pc = u16::from_le_bytes([machine.cartridge.peek(0x1ffc, &rom), machine.cartridge.peek(0x1ffd, &rom)]);
        Self {
            rom,
            state: State { cpu, machine },
            screen: Box::new([0; WIDTH * HEIGHT_PAL]),
            before: Box::new([0; WIDTH * HEIGHT_PAL]),
            #[cfg(feature = "translate")]
            translating: true,
        }
    }

    /// The same with this in the memory that some cartridges have, which is arbitrary, too.
    pub fn with_cartridge_memory(mut self, memory: [u8; 128]) -> Self {
        self.state.machine.cartridge.ram = memory;
        self
    }

    /// Runs to the end of the frame and draws it.
    pub fn run_frame(&mut self, inputs: &Inputs) {
        self.run(inputs, true);
    }

    /// Runs to the end of the frame without drawing it. Everything but the screen is as if it were drawn.
    pub fn run_frame_unseen(&mut self, inputs: &Inputs) {
        self.run(inputs, false);
    }

    fn run(&mut self, inputs: &Inputs, drawing: bool) {
        if drawing {
            std::mem::swap(&mut self.screen, &mut self.before);
        }
        let Self { state, screen, rom, .. } = self;
        state.machine.inputs = *inputs;
        state.machine.begin_frame(drawing);
        let begin = *state;
        #[cfg(feature = "translate")]
        if self.translating {
            cpu::run_translated(&mut state.cpu, &mut state.machine, screen, rom);
        }
        cpu::run(&mut state.cpu, &mut state.machine, screen, rom);
        if !state.machine.has_ended() {
            *state = begin;
            state.run_counting(screen, rom);
        }
        if !state.machine.overdue {
            state.machine.tia.catch_up(3 * state.machine.t, screen);
        }
    }

    /// Runs to the end of the frame and draws it, translated and interpreted, and compares both.
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
    #[cfg(feature = "translate")]
    pub fn set_translating(&mut self, translating: bool) {
        self.translating = translating;
    }

    /// The palette index of each pixel of the last frame that was drawn, line by line: 210 lines of 160, or 250 for PAL.
    pub fn screen(&self) -> &[u8] {
        &self.screen[..WIDTH * self.rom.television().height()]
    }

    /// Puts another picture on the screen, as if the one before had been the same.
    ///
    /// # Panics
    /// Where it has another size.
    pub fn set_screen(&mut self, screen: &[u8]) {
        let shown = self.screen().len();
        self.screen[..shown].copy_from_slice(screen);
        self.before[..shown].copy_from_slice(screen);
    }

    #[cfg(test)]
    pub(crate) fn cpu(&self) -> &Cpu {
        &self.state.cpu
    }

    /// The memory.
    pub fn ram(&self) -> &[u8; 128] {
        &self.state.machine.ram
    }

    /// The state, to be copied.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether this can be a state of this console.
    pub fn fits(&self, state: &State) -> bool {
        state.machine.fits(&self.rom)
    }

    /// Goes back to a state of a console with the same cartridge. The screen stays as it is.
    pub fn restore(&mut self, state: &State) {
        self.state = *state;
    }
}
