//! The boundary to ALE's C interface: the only unsafe code of the Atari part.
//!
//! ALE ends the process where it cannot go on (an unreadable ROM, a file name that is no game's, an unknown action), so
//! this module's interface leaves it no such case: ROMs come as [`Rom`], whose content is known, actions as [`AtariAction`]s,
//! states from ALE itself.
#![allow(unsafe_code, reason = "ALE's C functions")]

use std::{
    ffi::{CStr, CString, c_char, c_int},
    fs,
    path::Path,
    ptr::NonNull,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ale_sys::{ALEInterface, ALEState};

use super::{
    action::AtariAction,
    console::{RAM_BYTES, WIDTH},
    layout::{self, Layout},
    mt19937::Mt19937,
    roms::Rom,
};
use crate::Error;

/// The settings that ALE reads by itself, before any can be given to it.
const CONFIG_FILE: &str = "ale.cfg";

/// Creating and loading consoles in several threads at once corrupts the heap now and then: loading writes a string that
/// all consoles share (`Cartridge::myAboutString`). Running them shares nothing.
static LIFECYCLE: Mutex<()> = Mutex::new(());

fn lifecycle() -> MutexGuard<'static, ()> {
    LIFECYCLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A console with a game in it.
pub(super) struct Emulator {
    ale: NonNull<ALEInterface>,
    height: usize,
}

// SAFETY: an ALE interface owns all that it changes while it runs; it shares only constant tables with others and is
// bound to no thread. What does touch shared data (creating, loading, deleting) happens under `LIFECYCLE`.
unsafe impl Send for Emulator {}

impl Emulator {
    /// Puts the ROM into a new console whose generator starts from `seed`, which must not be 0 (that means the clock).
    pub(super) fn load(rom: &Rom, seed: i32) -> Result<Self, Error> {
        let error = |reason: String| Error::Rom { rom: rom.game.into(), reason };
        let failed = |cause: std::io::Error| error(format!("cannot be unpacked: {cause}"));
        if Path::new(CONFIG_FILE).exists() {
            return Err(error(format!(
                "ALE would read the file {CONFIG_FILE} in the working directory, which changes the game or ends the \
                 process: rename it, or run in another directory"
            )));
        }
        let folder = tempfile::tempdir().map_err(failed)?;
        let path = folder.path().join(format!("{}.bin", rom.game));
        fs::write(&path, &rom.bytes).map_err(failed)?;
        let c_path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|cause| failed(cause.into()))?;
        let nowhere = CString::new(folder.path().join("none").as_os_str().as_encoded_bytes())
            .map_err(|cause| failed(cause.into()))?;

        let _guard = lifecycle();
        // SAFETY: 2 is the logger mode that prints errors only; ALE_new has no preconditions.
        let ale = unsafe {
            ale_sys::setLoggerMode(2);
            ale_sys::ALE_new()
        };
        let Some(ale) = NonNull::new(ale) else {
            return Err(failed(std::io::Error::other("ALE made no console")));
        };
        set_up(ale, seed, &nowhere);
        // SAFETY: `ale` is a new interface; the file exists, is readable, has a known game's content and its name.
        unsafe { ale_sys::loadROM(ale.as_ptr(), c_path.as_ptr()) };
        // SAFETY: a ROM is loaded.
        let height = unsafe { ale_sys::getScreenHeight(ale.as_ptr()) };
        Ok(Self { ale, height: usize::try_from(height).unwrap_or(0) })
    }

    /// The lines of the screen.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Takes the action for one frame and returns the frame's reward. After the game's end nothing happens.
    pub(super) fn act(&mut self, action: AtariAction) -> i32 {
        // SAFETY: a ROM is loaded (true of every `Emulator`) and the code is one of ALE's 18.
        unsafe { ale_sys::act(self.ale.as_ptr(), c_int::from(action.code())) }
    }

    /// Whether the game has ended.
    pub(super) fn game_over(&self) -> bool {
        // SAFETY: a ROM is loaded.
        unsafe { ale_sys::game_over(self.ale.as_ptr()) }
    }

    /// The lives left.
    pub(super) fn lives(&self) -> u32 {
        // SAFETY: a ROM is loaded.
        let lives = unsafe { ale_sys::lives(self.ale.as_ptr()) };
        u32::try_from(lives).unwrap_or(0)
    }

    /// The actions that do something in this game.
    pub(super) fn minimal_actions(&self) -> Vec<AtariAction> {
        // SAFETY: a ROM is loaded.
        let count = unsafe { ale_sys::getMinimalActionSize(self.ale.as_ptr()) };
        let mut codes = vec![0 as c_int; usize::try_from(count).unwrap_or(0)];
        // SAFETY: ALE writes as many codes as it said.
        unsafe { ale_sys::getMinimalActionSet(self.ale.as_ptr(), codes.as_mut_ptr()) };
        codes.iter().filter_map(|&code| AtariAction::new(u8::try_from(code).ok()?)).collect()
    }

    /// Writes the last frame's palette indices, line by line. Restoring a state does not change the last frame.
    pub(super) fn screen(&self, pixels: &mut [u8]) {
        assert_eq!(pixels.len(), self.height * WIDTH, "a screen row of another size");
        // SAFETY: ALE writes height * width bytes, which `pixels` has.
        unsafe { ale_sys::getScreen(self.ale.as_ptr(), pixels.as_mut_ptr()) };
    }

    /// Writes the last frame's colours, line by line.
    pub(super) fn rgb(&self, pixels: &mut [u8]) {
        assert_eq!(pixels.len(), self.height * WIDTH * 3, "a screen row of another size");
        // SAFETY: ALE writes 3 * height * width bytes, which `pixels` has.
        unsafe { ale_sys::getScreenRGB(self.ale.as_ptr(), pixels.as_mut_ptr()) };
    }

    /// The memory after the last frame. Restoring a state does not change it.
    pub(super) fn ram(&self, ram: &mut [u8]) {
        assert_eq!(ram.len(), RAM_BYTES, "a memory of another size");
        // SAFETY: ALE writes 128 bytes.
        unsafe { ale_sys::getRAM(self.ale.as_ptr(), ram.as_mut_ptr()) };
    }

    /// The frames that ALE counted since the last reset began.
    pub(super) fn episode_frame_number(&self) -> u32 {
        // SAFETY: a ROM is loaded.
        let frames = unsafe { ale_sys::getEpisodeFrameNumber(self.ale.as_ptr()) };
        u32::try_from(frames).unwrap_or(0)
    }

    /// The state, without the console's generator, the screen and the copy of the memory.
    pub(super) fn state(&self) -> State {
        // SAFETY: a ROM is loaded; ALE returns a new state, never null.
        State(unsafe { NonNull::new_unchecked(ale_sys::cloneState(self.ale.as_ptr())) })
    }

    /// Goes back to a state of the same ROM.
    pub(super) fn restore(&mut self, state: &State) {
        // SAFETY: a ROM is loaded and the state is one of ALE's, without a generator.
        unsafe { ale_sys::restoreState(self.ale.as_ptr(), state.0.as_ptr()) };
    }

    /// Whether the bytes are laid out as this ROM's encoded states are.
    pub(super) fn has_such_states(&self, state: &[u8]) -> bool {
        let own = self.state().encode();
        // The lengths, the mark of a state without generator, and the ROM's checksum.
        let begin = layout::HEAD - 4..layout::HEAD + 4 + 4 + 32;
        own.len() == state.len() && own[begin.clone()] == state[begin] && Layout::of(&own) == Layout::of(state)
    }

    /// Goes back to an encoded state of the same ROM, and brings into line what ALE's states lack: whether the last
    /// frame was left unfinished, and where the moving objects are drawn.
    ///
    /// Both are set as a game would set them: a small program runs from the console's memory for one frame.
    pub(super) fn restore_exactly(&mut self, state: &[u8]) {
        if let Some(layout) = Layout::of(state) {
            let mut prepared = state.to_vec();
            layout.put_program(&mut prepared, &layout.program(state));
            self.restore(&State::decode(&prepared));
            self.act(AtariAction::NOOP);
        }
        self.restore(&State::decode(state));
    }

    /// The bytes of memory on the cartridge.
    pub(super) fn cartridge_bytes(&self) -> u32 {
        let has_memory = Layout::of(&self.state().encode()).is_some_and(|layout| layout.cartridge.is_some());
        if has_memory { RAM_BYTES as u32 } else { 0 }
    }

    /// Switches the console off and on: the game's first screen after ALE's usual waiting.
    ///
    /// The generator gives the timer's start, then the memory of the cartridge if it has one.
    pub(super) fn reset(&mut self, generator: &Mt19937) {
        let plain = self.state().encode();
        // SAFETY: as in `state`.
        let system = State(unsafe { NonNull::new_unchecked(ale_sys::cloneSystemState(self.ale.as_ptr())) });
        let mut bytes = layout::with_generator(&plain, &system.encode(), &generator.to_string());
        if let Some(layout) = Layout::of(&bytes) {
            layout.fill_cartridge(&mut bytes, generator);
        }
        let state = State::decode(&bytes);
        // SAFETY: the state is ALE's own of this very moment; generator and memory have the same format. A ROM is loaded.
        unsafe {
            ale_sys::restoreSystemState(self.ale.as_ptr(), state.0.as_ptr());
            ale_sys::reset_game(self.ale.as_ptr());
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _guard = lifecycle();
        // SAFETY: the interface came from ALE_new and is deleted once, here.
        unsafe { ale_sys::ALE_del(self.ale.as_ptr()) };
    }
}

/// Sets what ALE's defaults do not; `nowhere` is a path without a file, where ALE looks for files in the working
/// directory otherwise.
fn set_up(ale: NonNull<ALEInterface>, seed: i32, nowhere: &CStr) {
    let ale = ale.as_ptr();
    // SAFETY: `ale` is a live interface, ALE knows these settings and copies keys and values.
    unsafe {
        for key in [c"cheatfile", c"palettefile", c"propsfile"] {
            ale_sys::setString(ale, key.as_ptr(), nowhere.as_ptr());
        }
        // The ROM's own properties say which controller is whose; ALE 0.6 overrules them, and Wizard of Wor has none then.
        ale_sys::setString(ale, c"sp".as_ptr(), c"".as_ptr());
        ale_sys::setInt(ale, c"random_seed".as_ptr(), seed);
        // Sticky actions are ours: ALE 0.6 would draw them from the generator that the console uses.
        ale_sys::setFloat(ale, c"repeat_action_probability".as_ptr(), 0.0);
    }
}

/// A state of a console.
pub(super) struct State(NonNull<ALEState>);

// SAFETY: a state is plain data that its owner alone uses.
unsafe impl Send for State {}
// SAFETY: ALE only reads the states it encodes and restores.
unsafe impl Sync for State {}

impl State {
    /// The state as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        // SAFETY: the state is ALE's.
        let length = unsafe { ale_sys::encodeStateLen(self.0.as_ptr()) };
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        // SAFETY: the buffer has the length that ALE asked for.
        unsafe { ale_sys::encodeState(self.0.as_ptr(), bytes.as_mut_ptr() as *mut c_char, length) };
        bytes
    }

    /// A state from its bytes, which must be those of `encode` or of the same layout.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        // SAFETY: ALE copies the bytes; it returns a new state, never null.
        let state = unsafe { ale_sys::decodeState(bytes.as_ptr() as *const c_char, bytes.len() as c_int) };
        // SAFETY: as said.
        Self(unsafe { NonNull::new_unchecked(state) })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the state came from ALE and is deleted once, here.
        unsafe { ale_sys::deleteState(self.0.as_ptr()) };
    }
}
