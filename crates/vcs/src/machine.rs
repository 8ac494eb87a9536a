//! Everything around the processor as plain data: memory, chips, cartridge, what is plugged in.

use serde::{Deserialize, Serialize};

use crate::{
    cartridge::Cartridge,
    image::Image,
    inputs::Inputs,
    riot::{Awaited, Timer},
    tia::Tia,
};

/// The cycles of a line of the picture.
pub(crate) const LINE: u32 = 76;
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

/// The console without processor and ROM: plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Cycles since the begin of the line in which the frame began.
    pub(crate) t: u32,
    /// The processor runs until this time.
    pub(crate) limit: u32,
    /// From this time on, a write to the TIA ends the frame.
    pub(crate) late: u32,
    /// The last frame ended only for its many instructions: the television does not know, and lines go on being counted.
    pub(crate) overdue: bool,
    #[serde(with = "crate::array")]
    pub(crate) ram: [u8; 128],
    pub(crate) timer: Timer,
    pub(crate) tia: Tia,
    pub(crate) cartridge: Cartridge,
    pub(crate) inputs: Inputs,
    /// The direction of port A's bits, which can be read back.
    pub(crate) direction: u8,
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
    pub(crate) fn new(image: &Image, ram: [u8; 128], timer: u8) -> Self {
        Self {
            t: 0,
            limit: 0,
            late: LINE * image.television.most_lines(),
            overdue: false,
            ram,
            timer: Timer::new(timer),
            tia: Tia::new(image.lines, image.has_comb),
            cartridge: Cartridge::new(image),
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
    pub(crate) fn fits(&self, image: &Image) -> bool {
        self.tia.is_valid(image.lines, image.has_comb)
            && self.timer.is_valid()
            && self.cartridge.fits(image)
            && self.late == LINE * image.television.most_lines()
    }

    /// Lets a frame begin: time counts from the begin of the current line, if the one before ended by itself.
    pub(crate) fn begin_frame(&mut self, inputs: &Inputs, drawing: bool) {
        self.inputs = *inputs;
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

    /// What programs put out at the ports is not read back, whatever their direction: so it is in ALE.
    pub(crate) fn read_port(&self, address: u16) -> u8 {
        match address & 3 {
            0 => self.inputs.swcha,
            1 => self.direction,
            2 => self.inputs.swchb,
            _ => 0,
        }
    }

    /// Finds when the paddles' capacitors are charged.
    fn time_paddles(&mut self) {
        // A frame's times are small; what is not began before the frame.
        let since = i64::from(self.charging_since.cast_signed());
        self.charged_at = self.inputs.paddles.map(|cycles| match cycles {
            Some(0) => 0,
            // ALE takes a time before the frame's begin for one that never comes.
            Some(cycles) if !self.dumping => (since + i64::from(cycles) + 1).try_into().unwrap_or(NEVER),
            _ => NEVER,
        });
    }

    /// The time after waiting for the timer: `t`, at which a loop begins that looks at it every `period` cycles, or the begin
    /// of its last round, if that is before the time `end`.
    pub(crate) fn wait_for_timer(&self, awaited: Awaited, t: u32, period: u32, end: u32) -> u32 {
        let later = t.saturating_add(self.timer.wait(awaited, t + LOAD_CYCLES, period));
        if later < end { later } else { t }
    }

    /// Whether a joystick's button is pressed, or was since its latch was set.
    pub(crate) fn is_pressed(&self, player: usize) -> bool {
        self.inputs.fire[player] || self.latching && self.latches[player]
    }

    /// Takes a write to VSYNC.
    pub(crate) fn set_vsync(&mut self, value: u8, t: u32) {
        let on = value & 2 != 0;
        if !on && self.vsync.is_some_and(|ready| ready <= t) {
            self.limit = 0;
        }
        self.vsync = on.then_some(t + LINE);
    }

    /// Takes what a write to VBLANK does to paddles and joysticks.
    pub(crate) fn set_vblank(&mut self, value: u8, t: u32) {
        let dumping = value & 0x80 != 0;
        if self.dumping && !dumping {
            self.charging_since = t;
        }
        self.dumping = dumping;
        self.time_paddles();
        self.latching = value & 0x40 != 0;
        if !self.latching {
            self.latches = [false; 2];
        }
    }
}
