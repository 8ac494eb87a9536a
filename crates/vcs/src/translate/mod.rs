//! Hot code runs translated to the machine's own: this module finds it, has it translated, and calls it.
//!
//! It is the only one with unsafe code: it calls what was translated, and is called back for all that is not memory.
//! Translated code belongs to its ROM and is freed with it. The code generator maps memory for writing, writes, and maps
//! it for executing; it is never both.
#![allow(unsafe_code, reason = "calling generated code")]

mod callbacks;
mod emit;
mod known;
mod memory;
mod region;
mod stack;

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use cranelift_codegen::{
    ir::{AbiParam, Signature, types::I32},
    settings::{self, Configurable},
};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, default_libcall_names};

use crate::{bus::Bus, cpu::Cpu, image::WINDOW, machine::Machine};
pub(crate) use callbacks::LAST_CYCLE;
use callbacks::{INTERPRET, Surroundings};
use region::Region;

/// How often an instruction is met before its region is translated.
const HOT: u32 = if cfg!(test) { 3 } else { 500 };
/// The most regions of a ROM, so that no program makes the cache grow without end.
const MOST_REGIONS: u32 = 400;

type Code = unsafe extern "C" fn(*mut Cpu, *mut Machine, *mut Surroundings, *const u8) -> u32;

/// The translated code of a ROM, shared by its consoles.
pub(crate) struct Translations {
    /// For each address in the cartridge: 0, or the address of the code that begins there, or [`NEVER`].
    entries: Box<[AtomicUsize]>,
    /// How often each address was met.
    counts: Box<[AtomicU32]>,
    regions: AtomicU32,
    generator: Mutex<Option<Generator>>,
}

const NEVER: usize = 1;

struct Generator {
    module: Option<JITModule>,
}

/// The addresses that a program counter may have in the cartridge.
const ADDRESSES: usize = 8 * 4096;

/// The place of an address. The console does not see the upper three bits, but a call stores them: code is of its own where
/// they differ.
#[inline(always)]
fn index(pc: u16) -> usize {
    usize::from(pc & 0xfff | (pc & 0xe000) >> 1)
}

impl Translations {
    pub(crate) fn new() -> Self {
        Self {
            entries: (0..ADDRESSES).map(|_| AtomicUsize::new(0)).collect(),
            counts: (0..ADDRESSES).map(|_| AtomicU32::new(0)).collect(),
            regions: AtomicU32::new(0),
            generator: Mutex::new(None),
        }
    }

    /// Runs translated code from the program counter on, if there is some. Returns whether the interpreter has to run the
    /// next instruction.
    #[inline(always)]
    pub(crate) fn run(&self, cpu: &mut Cpu, bus: &mut Bus, window: &[u8; WINDOW]) -> bool {
        let at = index(cpu.pc);
        let mut entry = self.entries[at].load(Ordering::Acquire);
        if entry <= NEVER {
            if entry == NEVER || self.counts[at].fetch_add(1, Ordering::Relaxed) < HOT {
                return true;
            }
            entry = self.translate(cpu.pc, window);
            if entry == NEVER {
                return true;
            }
        }
        let mut surroundings = Surroundings { machine: bus.machine, screen: bus.screen, image: bus.image };
        let machine = surroundings.machine;
        // SAFETY: `entry` is the address of a function of this type, which stays mapped as long as `self` lives. It uses
        // the pointers during the call only; `machine` is not used otherwise meanwhile.
        let status = unsafe {
            let code: Code = std::mem::transmute::<usize, Code>(entry);
            code(cpu, machine, &mut surroundings, window.as_ptr())
        };
        i64::from(status) == INTERPRET
    }

    /// Translates the region that begins at `pc`, and returns its code's address or [`NEVER`].
    #[cold]
    fn translate(&self, pc: u16, window: &[u8; WINDOW]) -> usize {
        let at = index(pc);
        // While another console has code translated, this one goes on interpreting.
        let Ok(mut generator) = self.generator.try_lock() else { return NEVER };
        let known = self.entries[at].load(Ordering::Acquire);
        if known != 0 {
            return known;
        }
        let full = self.regions.fetch_add(1, Ordering::Relaxed) >= MOST_REGIONS;
        let region = if full { None } else { Region::from(pc, window) };
        let generator = generator.get_or_insert_with(Generator::new);
        let entry = region.and_then(|region| generator.generate(pc, &region)).unwrap_or(NEVER);
        self.entries[at].store(entry, Ordering::Release);
        entry
    }
}

impl Generator {
    /// A generator for this machine; one without module where there is none for it.
    fn new() -> Self {
        let module = || {
            let mut flags = settings::builder();
            flags.set("opt_level", "speed").ok()?;
            flags.set("enable_verifier", if cfg!(test) { "true" } else { "false" }).ok()?;
            let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
            Some(JITModule::new(JITBuilder::with_isa(isa, default_libcall_names())))
        };
        Self { module: module() }
    }

    fn generate(&mut self, entry: u16, region: &Region) -> Option<usize> {
        let module = self.module.as_mut()?;
        let pointer = AbiParam::new(module.target_config().pointer_type());
        let mut signature = Signature::new(module.target_config().default_call_conv);
        signature.params.extend([pointer; 4]);
        signature.returns.push(AbiParam::new(I32));
        let mut context = module.make_context();
        context.func.signature = signature.clone();
        emit::region(&mut context.func, module.target_config(), entry, region);
        let id = module.declare_anonymous_function(&signature).ok()?;
        module.define_function(id, &mut context).ok()?;
        module.finalize_definitions().ok()?;
        Some(module.get_finalized_function(id) as usize)
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: the code's addresses are known to `Translations` alone, which owns this generator and is dropped with
            // it: no console runs its code any more.
            unsafe { module.free_memory() };
        }
    }
}

impl fmt::Debug for Translations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Translations").field("regions", &self.regions).finish_non_exhaustive()
    }
}
