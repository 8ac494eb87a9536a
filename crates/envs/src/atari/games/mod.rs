//! The games that the native console plays: one file each, with how the game starts and what its memory means.
//!
//! All of this was found by asking ale-py (tests/parity/rules): which bytes of the console's memory change its rewards, its
//! lives and its ends, and which switches it presses at a start.

mod memory;
mod start;

pub(super) use memory::Memory;
pub(super) use start::{Choice, Menu, Options, begin, inputs, pass, settle};

use serde::{Deserialize, Serialize};
use vcs::Television;

use super::{Controllers, Controls};

/// Declares the modules and lists their rules. A new game adds its line.
macro_rules! games {
    ($($game:ident,)*) => {
        $(mod $game;)*
        static RULES: &[&Rules] = &[$(&$game::RULES),*];
    };
}

games! {
    adventure,
    air_raid,
    alien,
    amidar,
    assault,
    asterix,
    asteroids,
    atlantis,
    atlantis2,
    backgammon,
    bank_heist,
    basic_math,
    battle_zone,
    beam_rider,
    berzerk,
    blackjack,
    bowling,
    boxing,
    breakout,
    carnival,
    casino,
    centipede,
    chopper_command,
    crazy_climber,
    crossbow,
    darkchambers,
    defender,
    demon_attack,
    donkey_kong,
    double_dunk,
    earthworld,
    elevator_action,
    enduro,
    entombed,
    et,
    fishing_derby,
    flag_capture,
    freeway,
    frogger,
    frostbite,
    galaxian,
    gopher,
    gravitar,
    hangman,
    haunted_house,
    hero,
    human_cannonball,
    ice_hockey,
    jamesbond,
    journey_escape,
    kaboom,
    kangaroo,
    keystone_kapers,
    king_kong,
    klax,
    koolaid,
    krull,
    kung_fu_master,
    laser_gates,
    lost_luggage,
    mario_bros,
    miniature_golf,
    montezuma_revenge,
    mr_do,
    ms_pacman,
    name_this_game,
    othello,
    pacman,
    phoenix,
    pitfall,
    pitfall2,
    pong,
    pooyan,
    private_eye,
    qbert,
    riverraid,
    road_runner,
    robotank,
    seaquest,
    sir_lancelot,
    skiing,
    solaris,
    space_invaders,
    space_war,
    star_gunner,
    superman,
    surround,
    tennis,
    tetris,
    tic_tac_toe_3d,
    time_pilot,
    trondead,
    turmoil,
    tutankham,
    up_n_down,
    venture,
    video_checkers,
    video_chess,
    video_cube,
    video_pinball,
    wizard_of_wor,
    word_zapper,
    yars_revenge,
    zaxxon,
}

/// How a game is started, and what its memory means.
pub(super) struct Rules {
    /// ALE's name of the game.
    pub(super) name: &'static str,
    /// The MD5 checksum of ale-py's ROM, whose memory the rules are about.
    pub(super) md5: &'static str,
    /// The codes of the actions that do something.
    pub(super) actions: &'static [u8],
    pub(super) controllers: Controllers,
    /// What is special about the game's paddles.
    pub(super) paddles: fn(Controls) -> Controls,
    pub(super) television: Television,
    /// Whether HMOVE's black pixels are shown, which ALE leaves out for some games.
    pub(super) has_comb: bool,
    /// The first line that is shown and how many are, where it is not the television that says so.
    pub(super) shown: Option<(u32, u32)>,
    /// Whether frames are now and then left short, so that they show the rest of the one before the last: then all are drawn.
    pub(super) draws_all: bool,
    pub(super) menu: Option<Menu>,
    /// How the mode is chosen where actions do so.
    pub(super) options: Option<fn(&mut Options<'_, '_>, i32)>,
    /// The game's modes, the default first; 0 is one where there is no menu.
    pub(super) modes: &'static [u16],
    /// The positions of the difficulty switches, the default first: bit 0 is the left one, bit 1 the right one.
    pub(super) difficulties: &'static [u8],
    /// The actions that begin the game after the switches are released: code and frames.
    pub(super) first_actions: &'static [(u8, u32)],
    /// Whether the game starts alike whatever memory and timer held before. A test compares.
    pub(super) starts_alike: bool,
    /// The lives that a game is taken to have before its first frame.
    pub(super) first_lives: i32,
    /// The points, the lives and the end, from the memory after a frame and the score before it. Points are asked for when
    /// the end is known, lives last.
    pub(super) points: fn(Memory<'_>, &Score) -> i32,
    pub(super) lives: fn(Memory<'_>, &Score) -> i32,
    pub(super) over: fn(Memory<'_>, &Score) -> bool,
    /// The frame's reward from the points before it and after it.
    pub(super) reward: fn(i32, i32) -> i32,
    /// A number that the next frame's rules ask for, from the memory and the score before.
    pub(super) kept: fn(Memory<'_>, &Score) -> i32,
}

/// How a game stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Score {
    pub(super) points: i32,
    pub(super) lives: i32,
    pub(super) over: bool,
    /// What the frame before left for the rules.
    pub(super) kept: i32,
}

impl Rules {
    /// A game of joysticks without modes, lives and points, which the game's file then tells.
    const fn new(name: &'static str, md5: &'static str) -> Self {
        Self {
            name,
            md5,
            actions: &[0],
            controllers: Controllers::Joysticks { player: 0 },
            paddles: |controls| controls,
            television: Television::Ntsc,
            has_comb: true,
            shown: None,
            draws_all: false,
            menu: None,
            options: None,
            modes: &[0],
            difficulties: &[0],
            first_actions: &[],
            starts_alike: false,
            first_lives: 0,
            points: |_, _| 0,
            lives: |_, _| 0,
            over: |_, _| false,
            reward: |before, points| points - before,
            kept: |_, _| 0,
        }
    }

    /// The controllers as they stand at a game's start.
    pub(super) fn controls(&self) -> Controls {
        (self.paddles)(Controls::new(self.controllers))
    }

    /// The mode and the difficulty where none is chosen. Both difficulty switches are at B then, even in Backgammon, which
    /// offers the other position alone.
    pub(super) fn default_choice(&self) -> Choice {
        Choice { mode: self.modes.first().copied().unwrap_or(0), difficulty: 0 }
    }

    /// The score at a game's first frame.
    pub(super) fn first_score(&self, ram: Memory<'_>) -> Score {
        self.score(ram, &Score { lives: self.first_lives, ..Score::default() }).0
    }

    /// The score after a frame, and the frame's reward.
    pub(super) fn score(&self, ram: Memory<'_>, before: &Score) -> (Score, i32) {
        let mut score = Score { over: (self.over)(ram, before), ..*before };
        score.points = (self.points)(ram, &score);
        score.lives = (self.lives)(ram, &score);
        score.kept = (self.kept)(ram, before);
        (score, (self.reward)(before.points, score.points))
    }
}

/// All games whose rules are known.
pub(super) fn all() -> impl Iterator<Item = &'static Rules> {
    RULES.iter().copied()
}

/// The rules of the game of this name.
pub(super) fn named(name: &str) -> Option<&'static Rules> {
    all().find(|rules| rules.name == name)
}

#[cfg(test)]
mod tests;
