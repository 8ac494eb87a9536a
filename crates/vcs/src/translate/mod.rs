//! Hot code runs translated to the machine's own: this module finds it, has it translated, and calls it.
//!
//! It and its callbacks are the only ones with unsafe code: it calls what was translated, and is called back for all that is not memory.
//! Translated code belongs to its ROM and is freed with it. The code generator maps memory for writing, writes, and maps
//! it for executing; it is never both.
#![allow(unsafe_code, reason = "calling generated code")]

mod callbacks;
mod emit;
mod known;
mod memory;
mod operations;
mod region;
mod stack;
mod view;

use std::{
    fmt,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use cranelift_codegen::{
    ir::{AbiParam, Signature, types::I32},
    settings::{self, Configurable},
};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, default_libcall_names};

use crate::{bus::Bus, cpu::Cpu, machine::Machine};
use callbacks::{CALM, INTERPRET, Surroundings};
use region::Region;
use view::View;

/// How often an instruction is met before its region is translated.
const HOT: u32 = if cfg!(test) { 3 } else { 500 };
/// The most views of a ROM, of 52 KB each.
const MOST_VIEWS: usize = 64;
/// The most regions of a ROM, so that no program makes the cache grow without end.
const MOST_REGIONS: u32 = 1000;

type Code = unsafe extern "C" fn(*mut Cpu, *mut Machine, *mut Surroundings, *const u8) -> u32;

/// The translated code of a ROM, shared by its consoles.
pub(crate) struct Translations {
    /// What was in view at some time; full ones stand before empty ones, from each one's own place on.
    views: [OnceLock<Box<Known>>; MOST_VIEWS],
    regions: AtomicU32,
    generator: Mutex<Option<Generator>>,
}

/// A view, and what is translated of it.
struct Known {
    key: u64,
    view: View,
    /// For each address: 0, or the address of the code that begins there, or [`NEVER`].
    entries: Box<[AtomicUsize]>,
    /// How often each address was met.
    counts: Box<[AtomicU32]>,
}

const NEVER: usize = 1;

struct Generator {
    module: Option<JITModule>,
}

/// What tells views apart. The console does not see the upper three bits of an address, but a call stores them: code is of
/// its own where they differ.
#[inline(always)]
fn key(pc: u16, bus: &Bus) -> u64 {
    u64::from(u32::from_le_bytes(bus.machine.cartridge.slices)) << 3 | u64::from(pc >> 13)
}

impl Translations {
    pub(crate) fn new() -> Self {
        Self { views: [const { OnceLock::new() }; MOST_VIEWS], regions: AtomicU32::new(0), generator: Mutex::new(None) }
    }

    /// Runs translated code as long as there is some and it is [early](Self::is_early). The interpreter has to run the next
    /// instruction then.
    pub(crate) fn run(&self, cpu: &mut Cpu, bus: &mut Bus) {
        let mut known: Option<&Known> = None;
        while Self::is_early(bus.machine) && cpu.pc & 0x1000 != 0 {
            let key = key(cpu.pc, bus);
            let here = match known.filter(|known| known.key == key) {
                Some(here) => here,
                None => match self.find(key, cpu.pc, bus) {
                    Some(found) => found,
                    None => return,
                },
            };
            known = Some(here);
            let Some(entry) = self.entry(cpu.pc, here) else { return };
            let mut surroundings = Surroundings { machine: bus.machine, screen: bus.screen, image: bus.image };
            let machine = surroundings.machine;
            // SAFETY: `entry` is the address of a function of this type, which stays mapped as long as `self` lives. It uses
            // the pointers during the call only; `machine` is not used otherwise meanwhile.
            let status = unsafe {
                let code: Code = std::mem::transmute::<usize, Code>(entry);
                code(cpu, machine, &mut surroundings, here.view.code.as_ptr())
            };
            if i64::from(status) == INTERPRET {
                return;
            }
        }
    }

    /// Whether it is so early in the frame that translated code may run.
    pub(crate) fn is_early(machine: &Machine) -> bool {
        machine.t < machine.limit.min(machine.late - CALM)
    }

    /// The view with this key; `None` where there is none, or no room for it.
    fn find(&self, key: u64, pc: u16, bus: &Bus) -> Option<&Known> {
        let place = (key ^ key >> 11 ^ key >> 19 ^ key >> 27) as usize;
        for i in 0..MOST_VIEWS {
            let slot = &self.views[(place + i) % MOST_VIEWS];
            let known = match slot.get() {
                Some(known) => known,
                None => {
                    let view = View::new(pc, &bus.machine.cartridge, bus.image)?;
                    slot.get_or_init(|| Box::new(Known::new(key, view)))
                }
            };
            if known.key == key {
                return Some(known);
            }
        }
        None
    }

    /// The code that begins at the program counter, if there is some or it is time to translate it.
    #[inline(always)]
    fn entry(&self, pc: u16, known: &Known) -> Option<usize> {
        let at = usize::from(pc & 0xfff);
        let entry = match known.entries[at].load(Ordering::Acquire) {
            0 if known.counts[at].fetch_add(1, Ordering::Relaxed) < HOT => NEVER,
            0 => self.translate(pc, known),
            entry => entry,
        };
        (entry != NEVER).then_some(entry)
    }

    /// Translates the region that begins at `pc`, and returns its code's address or [`NEVER`].
    #[cold]
    fn translate(&self, pc: u16, known: &Known) -> usize {
        let entry = &known.entries[usize::from(pc & 0xfff)];
        // While another console has code translated, this one goes on interpreting.
        let Ok(mut generator) = self.generator.try_lock() else { return NEVER };
        let already = entry.load(Ordering::Acquire);
        if already != 0 {
            return already;
        }
        let full = self.regions.fetch_add(1, Ordering::Relaxed) >= MOST_REGIONS;
        let region = if full { None } else { Region::from(pc, &known.view) };
        let generator = generator.get_or_insert_with(Generator::new);
        let code = region.and_then(|region| generator.generate(pc, &region, &known.view)).unwrap_or(NEVER);
        entry.store(code, Ordering::Release);
        code
    }
}

impl Known {
    fn new(key: u64, view: View) -> Self {
        Self {
            key,
            view,
            entries: (0..4096).map(|_| AtomicUsize::new(0)).collect(),
            counts: (0..4096).map(|_| AtomicU32::new(0)).collect(),
        }
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

    fn generate(&mut self, entry: u16, region: &Region, view: &View) -> Option<usize> {
        let module = self.module.as_mut()?;
        let pointer = AbiParam::new(module.target_config().pointer_type());
        let mut signature = Signature::new(module.target_config().default_call_conv);
        signature.params.extend([pointer; 4]);
        signature.returns.push(AbiParam::new(I32));
        let mut context = module.make_context();
        context.func.signature = signature.clone();
        emit::region(&mut context.func, module.target_config(), entry, region, view);
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
