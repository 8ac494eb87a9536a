//! What an access to an address does.

use crate::{
    image::Image,
    machine::{LINE, Machine},
    screen::Screen,
    tia::{Tia, register},
};

/// Everything that the processor reads and writes.
pub(crate) struct Bus<'a> {
    pub(crate) machine: &'a mut Machine,
    pub(crate) screen: &'a mut Screen,
    pub(crate) image: &'a Image,
}

impl Bus<'_> {
    /// Lends itself: who holds it by value reaches the machine one pointer sooner.
    pub(crate) fn lend(&mut self) -> Bus<'_> {
        Bus { machine: self.machine, screen: self.screen, image: self.image }
    }

    /// An instruction in a cartridge with banks that lies within one slice, away from every address that changes banks.
    #[inline(always)]
    pub(crate) fn peek_code(&self, pc: u16) -> Option<u32> {
        // An instruction is three bytes at most.
        let end = (self.image.first_special() & 0x3ff) - 2;
        let is_plain = self.image.fixed().is_none() && pc & 0x1000 != 0 && pc & 0x3ff < end;
        is_plain.then(|| self.machine.cartridge.peek_code(pc, self.image))
    }

    /// Reads the bytes of an instruction after the first.
    pub(crate) fn peek(&mut self, address: u16, t: u32) -> u8 {
        match address {
            _ if address & 0x1000 != 0 => {
                self.machine.cartridge.listen(address & 0xfff, self.image);
                self.machine.cartridge.peek(address, self.image)
            }
            _ if address & 0x280 == 0x80 => self.machine.ram[usize::from(address & 0x7f)],
            _ => self.read(address, (address >> 8) as u8, t),
        }
    }

    /// Reads from anywhere, where this byte was on the bus before.
    #[inline(never)]
    pub(crate) fn read(&mut self, address: u16, bus: u8, t: u32) -> u8 {
        match address {
            _ if address & 0x1000 != 0 => self.machine.cartridge.read(address, self.image),
            _ if address & 0x280 == 0x80 => self.machine.ram[usize::from(address & 0x7f)],
            _ if address & 0x80 == 0 => self.read_tia(address, bus, t),
            _ if address & 4 == 0 => self.machine.read_port(address),
            _ if address & 1 == 0 => self.machine.timer.read(t),
            _ => self.machine.timer.status(t),
        }
    }

    /// Reads the TIA, which drives the upper two bits only: the others are what was on the bus before.
    pub(crate) fn read_tia(&mut self, address: u16, bus: u8, t: u32) -> u8 {
        let register = address & 0x0f;
        let driven = match register {
            0..=7 => {
                // The frame is played again.
                if !self.machine.tia.knows(register as u8) {
                    self.machine.limit = 0;
                }
                self.machine.tia.catch_up(3 * t, self.screen);
                self.machine.tia.draw_to_beam(self.screen);
                self.machine.tia.collisions(register as u8)
            }
            8..=11 => u8::from(t >= self.machine.charged_at[usize::from(register & 3)]) << 7,
            12 | 13 => u8::from(!self.machine.is_pressed(usize::from(register) - 12)) << 7,
            _ => 0,
        };
        driven | bus & 0x3f
    }

    /// Reads the TIA as the stack, from which one byte is taken: the address before it was read first.
    pub(crate) fn pull_tia(&mut self, sp: u8, bus: u8, t: u32) -> u8 {
        let before = sp.wrapping_sub(1);
        let bus = if before & 0x80 != 0 { self.machine.ram[usize::from(before & 0x7f)] } else { bus };
        self.read_tia(sp.into(), bus, t)
    }

    /// Writes anywhere but to the memory. Returns the time, which a write to WSYNC moves.
    #[inline(never)]
    pub(crate) fn write(&mut self, address: u16, value: u8, t: u32) -> u32 {
        match address {
            _ if address & 0x1000 != 0 => self.machine.cartridge.write(address, value, self.image),
            _ if address & 0x280 == 0x80 => self.machine.ram[usize::from(address & 0x7f)] = value,
            _ if address & 0x80 == 0 => {
                if address < 0x40 {
                    self.machine.cartridge.overhear(value, self.image);
                }
                return self.write_tia(address, value, t);
            }
            _ if address & 7 == 1 => self.machine.direction = value,
            _ if address & 4 == 0 => {}
            _ if address & 0x10 != 0 => self.machine.timer.set(address as u8, value, t),
            _ => {}
        }
        t
    }

    #[inline(always)]
    pub(crate) fn write_tia(&mut self, address: u16, value: u8, t: u32) -> u32 {
        let register = (address & 0x3f) as u8;
        if register == register::WSYNC {
            if t >= self.machine.late {
                self.machine.limit = 0;
            }
            return t.next_multiple_of(LINE);
        }
        let value = value & Tia::BITS[usize::from(register)];
        if t < self.machine.late && !self.machine.tia.changes(register, value) {
            return t;
        }
        self.change_any(register, value, t)
    }

    /// [`change_tia`](Self::change_tia) for who does not know the register beforehand.
    #[inline(never)]
    fn change_any(&mut self, register: u8, value: u8, t: u32) -> u32 {
        self.change_tia(register, value, t)
    }

    /// Takes a write of a register's own bits that [may change](Tia::changes) something.
    #[inline(always)]
    pub(crate) fn change_tia(&mut self, register: u8, value: u8, t: u32) -> u32 {
        if t >= self.machine.late {
            self.machine.limit = 0;
        }
        match register {
            register::VSYNC => self.machine.set_vsync(value, t),
            register::VBLANK => self.machine.set_vblank(value, t),
            _ => {}
        }
        self.machine.tia.write(register, value, 3 * t, self.screen);
        t
    }
}
