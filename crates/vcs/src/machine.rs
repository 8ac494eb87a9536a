//! Everything around the processor: memory, chips, cartridge, and what an access to an address does.

use serde::{Deserialize, Serialize};

use crate::{
    cartridge::{Cartridge, Rom},
    riot::Timer,
    tia::{Screen, Tia, register},
};

/// The cycles of a line of the picture.
pub(crate) const LINE: u32 = 76;
/// The lines after which a frame ends by itself, at the next write to the TIA: no television has fewer.
pub(crate) const MOST_LINES: u32 = 291;
/// The instructions after which a frame ends in any case.
pub(crate) const MOST_INSTRUCTIONS: u32 = 25_000;
/// The cycles that they take at least.
pub(crate) const MOST_CYCLES: u32 = 2 * MOST_INSTRUCTIONS;

/// The time from which on a frame is counted as a new one even if the one before did not end by itself.
const FAR: u32 = 1 << 28;

/// A time that does not come.
const NEVER: u32 = u32::MAX;
/// The cycles of an instruction that reads the timer.
const LOAD_CYCLES: u32 = 4;

/// What is connected to the console, and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The port of the joysticks: bits 7 to 4 are right, left, down, up of the first, bits 3 to 0 those of the second;
    /// 0 is pressed. Bits 7 and 6 are also the buttons of the first two paddles.
    pub swcha: u8,
    /// The console's switches: bit 0 reset and bit 1 select (0 is pressed), bit 3 colour, bits 6 and 7 difficulty.
    pub swchb: u8,
    /// Whether the joysticks' buttons are pressed.
    pub fire: [bool; 2],
    /// The cycles that the paddles' capacitors take to charge; `None` where there is no paddle.
    pub paddles: [Option<u32>; 4],
}

impl Default for Inputs {
    /// Two joysticks that nobody touches; colour, both difficulties B.
    fn default() -> Self {
        Self { swcha: 0xff, swchb: 0x3f, fire: [false; 2], paddles: [None; 4] }
    }
}

/// The console without processor and ROM: plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Cycles since the begin of the line in which the frame began.
    pub(crate) t: u32,
    /// The processor runs until this time.
    pub(crate) limit: u32,
    /// From this time on, a write to the TIA ends the frame.
    late: u32,
    /// The last frame ended only for its many instructions: the television does not know, and lines go on being counted.
    pub(crate) overdue: bool,
    #[serde(with = "crate::array")]
    pub(crate) ram: [u8; 128],
    pub(crate) timer: Timer,
    pub(crate) tia: Tia,
    pub(crate) cartridge: Cartridge,
    pub(crate) inputs: Inputs,
    /// The direction of port A's bits, which can be read back.
    direction: u8,
    /// The time from which on VSYNC ends the frame by going off, while it is on.
    vsync: Option<u32>,
    dumping: bool,
    /// When the paddles' capacitors began to charge.
    charging_since: u32,
    /// When each is charged, from the frame's begin or the last change on.
    pub(crate) charged_at: [u32; 4],
    /// Whether the joysticks' buttons are latched, and the latches.
    latching: bool,
    latches: [bool; 2],
}

impl Machine {
    pub(crate) fn new(rom: &Rom, ram: [u8; 128], timer: u8) -> Self {
        Self {
            t: 0,
            limit: 0,
            late: LINE * rom.television().most_lines(),
            overdue: false,
            ram,
            timer: Timer::new(timer),
            tia: Tia::new(rom.television().height(), rom.has_comb()),
            cartridge: Cartridge::new(rom),
            inputs: Inputs::default(),
            direction: 0,
            vsync: None,
            dumping: false,
            charging_since: 0,
            charged_at: [0; 4],
            latching: false,
            latches: [false; 2],
        }
    }

    /// Whether this can be a state of a console with that cartridge.
    pub(crate) fn fits(&self, rom: &Rom) -> bool {
        self.tia.is_valid(rom.television().height(), rom.has_comb())
            && self.timer.is_valid()
            && self.cartridge.fits(rom)
            && self.late == LINE * rom.television().most_lines()
    }

    /// Lets a frame begin: time counts from the begin of the current line, if the one before ended by itself.
    pub(crate) fn begin_frame(&mut self, drawing: bool) {
        if self.overdue && self.t < FAR {
            self.tia.go_on(drawing);
        } else {
            let lines = self.rebase();
            self.tia.begin_frame(3 * self.t, drawing, lines);
        }
        self.overdue = false;
        self.time_paddles();
        self.limit = self.t + MOST_CYCLES;
        for (latch, fire) in self.latches.iter_mut().zip(self.inputs.fire) {
            *latch |= fire;
        }
    }

    /// Whether a write to the TIA has ended the frame.
    pub(crate) fn has_ended(&self) -> bool {
        self.limit == 0
    }

    /// Counts time from the begin of the current line. Returns how many lines there were before.
    fn rebase(&mut self) -> u32 {
        let lines = self.t / LINE;
        let cycles = lines * LINE;
        self.t -= cycles;
        self.timer.rebase(cycles);
        self.vsync = self.vsync.map(|ready| ready.saturating_sub(cycles));
        self.charging_since = self.charging_since.wrapping_sub(cycles);
        if 0u32.wrapping_sub(self.charging_since) > 1 << 30 && self.charging_since > 1 << 31 {
            self.charging_since = self.charging_since.wrapping_add(1 << 29);
        }
        lines
    }

    pub(crate) fn peek(&mut self, address: u16, t: u32, screen: &mut Screen, rom: &Rom) -> u8 {
        match address {
            _ if address & 0x1000 != 0 => self.cartridge.peek(address, rom),
            _ if address & 0x280 == 0x80 => self.ram[usize::from(address & 0x7f)],
            _ => self.read(address, (address >> 8) as u8, t, screen, rom),
        }
    }

    /// Reads from anywhere, where this byte was on the bus before.
    #[inline(never)]
    pub(crate) fn read(&mut self, address: u16, bus: u8, t: u32, screen: &mut Screen, rom: &Rom) -> u8 {
        match address {
            _ if address & 0x1000 != 0 => self.cartridge.read(address, rom),
            _ if address & 0x280 == 0x80 => self.ram[usize::from(address & 0x7f)],
            _ if address & 0x80 == 0 => self.read_tia(address, t, bus, screen),
            _ if address & 4 == 0 => self.read_port(address),
            _ if address & 1 == 0 => self.timer.read(t),
            _ => self.timer.status(t),
        }
    }

    /// What programs put out at the ports is not read back, whatever their direction: so it is in ALE.
    fn read_port(&self, address: u16) -> u8 {
        match address & 3 {
            0 => self.inputs.swcha,
            1 => self.direction,
            2 => self.inputs.swchb,
            _ => 0,
        }
    }

    /// Reads the TIA, which drives the upper two bits only: the others are what was on the bus before.
    pub(crate) fn read_tia(&mut self, address: u16, t: u32, bus: u8, screen: &mut Screen) -> u8 {
        let register = address & 0x0f;
        let driven = match register {
            0..=7 => {
                self.tia.catch_up(3 * t, screen);
                self.tia.collisions(register as u8)
            }
            8..=11 => u8::from(t >= self.charged_at[usize::from(register & 3)]) << 7,
            12 | 13 => {
                let player = usize::from(register) - 12;
                let pressed = self.inputs.fire[player] || self.latching && self.latches[player];
                u8::from(!pressed) << 7
            }
            _ => 0,
        };
        driven | bus & 0x3f
    }

    /// Reads the TIA as the stack, from which one byte is taken: the address before it was read first.
    pub(crate) fn pull_tia(&mut self, sp: u8, bus: u8, t: u32, screen: &mut Screen) -> u8 {
        let before = sp.wrapping_sub(1);
        let bus = if before & 0x80 != 0 { self.ram[usize::from(before & 0x7f)] } else { bus };
        self.read_tia(sp.into(), t, bus, screen)
    }

    /// Finds when the paddles' capacitors are charged.
    fn time_paddles(&mut self) {
        // A frame's times are small; what is not began before the frame.
        let since = i64::from(self.charging_since.cast_signed());
        self.charged_at = self.inputs.paddles.map(|cycles| match cycles {
            Some(0) => 0,
            Some(cycles) if !self.dumping => (since + i64::from(cycles) + 1).clamp(0, i64::from(NEVER)) as u32,
            _ => NEVER,
        });
    }

    /// The time after waiting for the timer: `t`, at which a loop begins that reads it every `period` cycles until it is 0,
    /// or the begin of its last round, if that is before the time `end`.
    pub(crate) fn wait_for_timer(&self, t: u32, period: u32, end: u32) -> u32 {
        let later = t.saturating_add(self.timer.wait(t + LOAD_CYCLES, period));
        if later < end { later } else { t }
    }

    /// Writes anywhere but to the memory. Returns the time, which a write to WSYNC moves.
    #[inline(never)]
    pub(crate) fn write(&mut self, address: u16, value: u8, t: u32, screen: &mut Screen, rom: &Rom) -> u32 {
        match address {
            _ if address & 0x1000 != 0 => self.cartridge.write(address, value, rom),
            _ if address & 0x280 == 0x80 => self.ram[usize::from(address & 0x7f)] = value,
            _ if address & 0x80 == 0 => {
                if address < 0x40 {
                    self.cartridge.overhear(value, rom);
                }
                return self.write_tia(address, value, t, screen);
            }
            _ if address & 7 == 1 => self.direction = value,
            _ if address & 4 == 0 => {}
            _ if address & 0x10 != 0 => self.timer.set(address as u8, value, t),
            _ => {}
        }
        t
    }

    /// Writes to the TIA through the zero page or the stack.
    #[inline(always)]
    pub(crate) fn write_low(&mut self, address: u8, value: u8, t: u32, screen: &mut Screen, rom: &Rom) -> u32 {
        if address < 0x40 && rom.fixed().is_none() {
            self.cartridge.overhear(value, rom);
        }
        self.write_tia(address.into(), value, t, screen)
    }

    #[inline(always)]
    pub(crate) fn write_tia(&mut self, address: u16, value: u8, t: u32, screen: &mut Screen) -> u32 {
        let register = (address & 0x3f) as u8;
        if register == register::WSYNC {
            if t >= self.late {
                self.limit = 0;
            }
            return t.next_multiple_of(LINE);
        }
        let value = value & Tia::BITS[usize::from(register)];
        if t < self.late && !self.tia.changes(register, value) {
            return t;
        }
        self.change_tia(register, value, t, screen)
    }

    /// Takes a write of a register's own bits that [may change](Tia::changes) something.
    #[inline(never)]
    pub(crate) fn change_tia(&mut self, register: u8, value: u8, t: u32, screen: &mut Screen) -> u32 {
        if t >= self.late {
            self.limit = 0;
        }
        match register {
            0 => {
                let on = value & 2 != 0;
                if !on && self.vsync.is_some_and(|ready| ready <= t) {
                    self.limit = 0;
                }
                self.vsync = on.then_some(t + LINE);
            }
            1 => {
                if self.dumping && value & 0x80 == 0 {
                    self.charging_since = t;
                }
                self.dumping = value & 0x80 != 0;
                self.time_paddles();
                self.latching = value & 0x40 != 0;
                if !self.latching {
                    self.latches = [false; 2];
                }
            }
            _ => {}
        }
        self.tia.write(register, value, 3 * t, screen);
        t
    }
}
