//! How a game starts: switches and actions, from the console's being switched on.

use vcs::{Console, Inputs};

use super::{Memory, Rules};
use crate::atari::{AtariAction, Controls, mt19937::Mt19937, sticky::Sticky};

/// The frames without action that a console runs before its reset switch is pressed: the first, in which most games put in
/// order what they find in memory, and the others.
const FRAMES_TO_SETTLE: u32 = 4;
const FRAMES_BEFORE_START: u32 = 60 - FRAMES_TO_SETTLE;
/// The frames of the reset switch that begin the game.
const FRAMES_OF_START: u32 = 8;
/// The frames of the reset switch that are one press.
const FRAMES_OF_SWITCH: u32 = 4;
/// The bits of the console's switches that are 0 while these are pressed.
const RESET: u8 = 1;
const SELECT: u8 = 2;
/// The bits of the console's switches for difficulty A, left and right.
const LEFT_A: u8 = 0x40;
const RIGHT_A: u8 = 0x80;
/// Select is pressed at most this many times: a byte has no more values.
const MOST_PRESSES: u32 = 256;
/// The last frames before the game are drawn: a short one shows what the one before the last drew.
const FRAMES_DRAWN: u32 = 3;

/// How a game's mode is chosen, as ale-py does it: select is pressed until the memory tells the mode.
#[derive(Clone, Copy)]
pub(in crate::atari) struct Menu {
    /// Whether the memory tells this mode.
    pub(in crate::atari) is_chosen: fn(Memory<'_>, i32) -> bool,
    /// The frames of the reset switch before anything is chosen.
    pub(in crate::atari) reset: u32,
    /// Whether select is pressed once whatever the memory tells at first, and whether it is then held for twice as long.
    pub(in crate::atari) presses_first: bool,
    pub(in crate::atari) presses_before: bool,
    /// The frames that pass before select is first pressed.
    pub(in crate::atari) wait: u32,
    /// The frames in which select is pressed, and those after it.
    pub(in crate::atari) press: u32,
    pub(in crate::atari) release: u32,
    /// Whether select is pressed for up to 255 frames more, as the generator of the sticky actions draws, which also draws for
    /// a frame after it.
    pub(in crate::atari) is_drawn: bool,
}

impl Menu {
    /// The usual one: select is pressed for two frames and released for one.
    pub(super) const fn new(is_chosen: fn(Memory<'_>, i32) -> bool) -> Self {
        Self {
            is_chosen,
            reset: 4,
            presses_first: false,
            presses_before: false,
            wait: 0,
            press: 2,
            release: 1,
            is_drawn: false,
        }
    }
}

/// A menu of options that actions change: sticky actions stick there, too, and each frame of an action is counted.
pub(in crate::atari) struct Options<'a, 'b> {
    console: &'a mut Console,
    controls: &'a mut Controls,
    rules: &'a Rules,
    choice: Choice,
    sticky: &'a mut Sticky<'b>,
    counted: u32,
}

impl Options<'_, '_> {
    pub(super) fn ram(&self) -> Memory<'_> {
        Memory::of(self.console)
    }

    /// Takes an action for a frame.
    pub(super) fn act(&mut self, action: u8) {
        let action = self.sticky.stick(AtariAction::new(action).unwrap_or(AtariAction::NOOP));
        pass(self.console, self.rules, &inputs(self.controls, self.choice, action), 1);
        self.counted += 1;
    }

    /// Takes an action for a frame, and none for another, until the memory tells that it is enough.
    pub(super) fn act_until(&mut self, action: u8, is_enough: impl Fn(Memory<'_>) -> bool) {
        for _ in 0..MOST_PRESSES {
            if is_enough(self.ram()) {
                return;
            }
            self.act(action);
            self.act(0);
        }
    }

    /// Presses the select switch for a frame, and nothing for another, which is counted, but no action.
    pub(super) fn select(&mut self) {
        self.press(SELECT, 1);
        self.press(0, 1);
        self.counted += 1;
    }

    /// Presses the reset switch.
    pub(super) fn reset(&mut self) {
        self.press(RESET, FRAMES_OF_SWITCH);
    }

    fn press(&mut self, switch: u8, frames: u32) {
        let idle = inputs(&mut self.controls.clone(), self.choice, AtariAction::NOOP);
        pass(self.console, self.rules, &Inputs { swchb: idle.swchb & !switch, ..idle }, frames);
    }
}

/// What is chosen about a game before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::atari) struct Choice {
    pub(in crate::atari) mode: u16,
    pub(in crate::atari) difficulty: u8,
}

impl Choice {
    /// The console's switches when none of the two others is pressed.
    fn switches(self, idle: u8) -> u8 {
        let bit = |position: u8, bit: u8| if self.difficulty & position != 0 { bit } else { 0 };
        (idle & !(LEFT_A | RIGHT_A)) | bit(1, LEFT_A) | bit(2, RIGHT_A)
    }
}

/// The inputs of a frame of this action with these switches.
pub(in crate::atari) fn inputs(controls: &mut Controls, choice: Choice, action: AtariAction) -> Inputs {
    let inputs = controls.act(action.code());
    Inputs { swchb: choice.switches(inputs.swchb), ..inputs }
}

/// Runs the first frames of a console that was just switched on.
pub(in crate::atari) fn settle(console: &mut Console, rules: &Rules, choice: Choice) {
    let idle = inputs(&mut rules.controls(), choice, AtariAction::NOOP);
    pass(console, rules, &idle, FRAMES_TO_SETTLE);
}

/// Runs a console on from there to the game's first frame. Returns the frames that ale-py counts meanwhile: those in the menu
/// without a switch pressed.
pub(in crate::atari) fn begin(
    console: &mut Console,
    controls: &mut Controls,
    rules: &Rules,
    choice: Choice,
    sticky: &mut Sticky<'_>,
) -> u32 {
    let idle = inputs(&mut controls.clone(), choice, AtariAction::NOOP);
    let reset = Inputs { swchb: idle.swchb & !RESET, ..idle };
    pass(console, rules, &idle, FRAMES_BEFORE_START);
    let mut counted = 0;
    if let Some(menu) = rules.menu {
        pass(console, rules, &reset, menu.reset);
        counted = choose(console, rules, menu, &idle, choice.mode, sticky);
    }
    if let Some(choose) = rules.options {
        let mut options = Options { console, controls, rules, choice, sticky, counted: 0 };
        choose(&mut options, choice.mode.into());
        counted += options.counted;
    } else {
        pass(console, rules, &reset, FRAMES_OF_START - FRAMES_OF_SWITCH);
    }
    pass(console, rules, &reset, FRAMES_OF_SWITCH - FRAMES_DRAWN);
    for _ in 0..FRAMES_DRAWN {
        console.run_frame(&reset);
    }
    for &(code, frames) in rules.first_actions {
        for _ in 0..frames {
            let frame = match AtariAction::new(code) {
                Some(action) => inputs(controls, choice, action),
                None => reset,
            };
            console.run_frame(&frame);
        }
    }
    counted
}

/// Presses select until the mode is chosen.
fn choose(console: &mut Console, rules: &Rules, menu: Menu, idle: &Inputs, mode: u16, sticky: &mut Sticky<'_>) -> u32 {
    let select = Inputs { swchb: idle.swchb & !SELECT, ..*idle };
    pass(console, rules, idle, menu.wait);
    if menu.presses_before {
        pass(console, rules, &select, menu.press);
    }
    for presses in 0..MOST_PRESSES {
        let may_stop = presses > 0 || !(menu.presses_first || menu.presses_before);
        if may_stop && (menu.is_chosen)(Memory::of(console), mode.into()) {
            return menu.wait + presses * menu.release;
        }
        let more = if menu.is_drawn { draw_press(sticky.generator) } else { 0 };
        pass(console, rules, &select, menu.press + more);
        pass(console, rules, idle, menu.release);
    }
    menu.wait + MOST_PRESSES * menu.release
}

/// Draws the frames more that select is pressed, then what a frame of an action draws.
fn draw_press(generator: &mut Mt19937) -> u32 {
    let [more, _, _] = std::array::from_fn(|_| generator.next_u32());
    more % 256
}

/// Lets frames pass that nobody looks at, unless a later one may show them.
pub(in crate::atari) fn pass(console: &mut Console, rules: &Rules, inputs: &Inputs, frames: u32) {
    for _ in 0..frames {
        match rules.draws_all {
            true => console.run_frame(inputs),
            false => console.run_frame_unseen(inputs),
        }
    }
}
