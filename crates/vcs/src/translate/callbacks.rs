//! What translated code calls back for: all that is not memory.

use crate::{
    bus::Bus,
    image::Image,
    machine::{LINE, MOST_CYCLES, Machine},
    riot::Awaited,
    screen::Screen,
    television::Television,
};

/// No way through a region takes as many cycles.
pub(super) const MARGIN: u32 = 20_000;
/// So long before a write to the TIA [would end the frame](Machine::late), the interpreter runs alone: few frames are as long.
pub(crate) const CALM: u32 = 5 * LINE;
/// Until this time translated code waits for the timer; it is entered sooner, and so ends within the longest frame.
const LAST_CYCLE: u32 = MOST_CYCLES - MARGIN;
const _: () = assert!(LINE * Television::Pal.most_lines() - CALM < LAST_CYCLE);

/// What translated code returns: whether the interpreter has to run the next instruction.
pub(super) const INTERPRET: i64 = 1;
pub(super) const GO_ON: i64 = 0;

/// What the calls from translated code need: a [`Bus`] in pointers.
#[repr(C)]
pub(super) struct Surroundings {
    pub(super) machine: *mut Machine,
    pub(super) screen: *mut Screen,
    pub(super) image: *const Image,
}

/// Reads an address above the zero page, where this byte was on the bus before.
pub(super) extern "C" fn read(surroundings: *mut Surroundings, address: u32, before: u32, t: u32) -> u32 {
    // SAFETY: translated code gives what [`super::Translations::run`] gave it, and uses the machine only between its calls.
    unsafe { bus(surroundings) }.read(address as u16, before as u8, t).into()
}

/// Reads a register of the TIA through the zero page; the second byte of its address is what was on the bus before.
pub(super) extern "C" fn read_tia(surroundings: *mut Surroundings, address: u32, t: u32) -> u32 {
    // SAFETY: as in `read`.
    unsafe { bus(surroundings) }.read_tia(address as u16, (address >> 8) as u8, t).into()
}

/// Takes a byte from a stack in the TIA.
pub(super) extern "C" fn pull_tia(surroundings: *mut Surroundings, sp: u32, before: u32, t: u32) -> u32 {
    // SAFETY: as in `read`.
    unsafe { bus(surroundings) }.pull_tia(sp as u8, before as u8, t).into()
}

/// Writes anywhere; returns the time.
pub(super) extern "C" fn write(surroundings: *mut Surroundings, address: u32, value: u32, t: u32) -> u32 {
    // SAFETY: as in `read`.
    unsafe { bus(surroundings) }.write(address as u16, value as u8, t)
}

type Callback = extern "C" fn(*mut Surroundings, u32, u32) -> u32;

/// For each register of the TIA what takes a write to it that may change something, of the bits that the register has: each
/// is a function of its own, so that none has to find out first which register it is.
pub(super) static CHANGE_TIA: [Callback; 64] = {
    macro_rules! each {
        ($($register:literal)*) => {
            [$(change_tia::<$register>),*]
        };
    }
    each![
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    ]
};

extern "C" fn change_tia<const REGISTER: u8>(surroundings: *mut Surroundings, value: u32, t: u32) -> u32 {
    // SAFETY: as in `read`.
    unsafe { bus(surroundings) }.change_tia(REGISTER, value as u8, t)
}

/// For each [`Awaited`] what gives the time after waiting for the timer in a loop of so many cycles.
pub(super) static WAIT_FOR_TIMER: [Callback; Awaited::ALL.len()] =
    [wait_for_timer::<0>, wait_for_timer::<1>, wait_for_timer::<2>, wait_for_timer::<3>];

extern "C" fn wait_for_timer<const AWAITED: usize>(surroundings: *mut Surroundings, t: u32, cycles: u32) -> u32 {
    // SAFETY: as in `read`.
    unsafe { bus(surroundings) }.machine.wait_for_timer(Awaited::ALL[AWAITED], t, cycles, LAST_CYCLE)
}

/// # Safety
/// `surroundings` and its pointers are those of [`super::Translations::run`], during that call, and nothing else uses what
/// they point at.
#[inline(always)]
unsafe fn bus<'a>(surroundings: *mut Surroundings) -> Bus<'a> {
    // SAFETY: as said above.
    unsafe {
        let Surroundings { machine, screen, image } = *surroundings;
        Bus { machine: &mut *machine, screen: &mut *screen, image: &*image }
    }
}
