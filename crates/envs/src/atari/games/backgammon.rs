//! Backgammon. Bytes 0 to 27 are the board: the player's men as numbers above 0, the other's below. Men that were borne off are in
//! byte 14, the other's in byte 0. The game ends when one side's fifteen are there, while both sides have fifteen in all.

use super::{Controllers, Memory, Menu, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[1, 3, 4],
    controllers: Controllers::Paddles { player: 0 },
    paddles: |controls| controls.with_most(1_000_000),
    menu: Some(Menu { press: 1, ..Menu::new(|ram, _| ram.byte(92) == 3) }),
    difficulties: &[3],
    points: |ram, at| match men(ram, OTHER_OFF) {
        _ if !at.over => 0,
        OTHERS_MEN => 1,
        _ => -1,
    },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| has_all_men(ram) && (men(ram, OTHER_OFF) == OTHERS_MEN || men(ram, OFF) == MEN),
    ..Rules::new("backgammon", "8556b42aa05f94bc29ff39c39b11bff4")
};

const OTHER_OFF: usize = 0;
const OFF: usize = 14;
const MEN: i8 = 15;
const OTHERS_MEN: i8 = -MEN;

fn men(ram: Memory<'_>, at: usize) -> i8 {
    ram.byte(at) as u8 as i8
}

/// Whether both sides' men on the board are as many as those borne off leave. They are added in bytes, which run over.
fn has_all_men(ram: Memory<'_>) -> bool {
    let on_board = |side: fn(i8) -> i8| {
        let places = (0..28).filter(|place| ![OFF, OTHER_OFF].contains(place));
        i32::from(places.map(|place| side(men(ram, place))).fold(0, i8::wrapping_add))
    };
    let left = |borne_off: i8| i32::from(MEN) - i32::from(borne_off);
    on_board(|men| men.max(0)) == left(men(ram, OFF))
        && on_board(|men| men.min(0).wrapping_neg()) == left(men(ram, OTHER_OFF).wrapping_neg())
}
