//! Wizard of Wor. The points are hundreds, decimal digits, two a byte, in bytes 8 and 6; of 800,000 and more so much is taken
//! off. Lives count while bit 0 of byte 87 is 0.

use super::{Controllers, Rules};

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13],
    controllers: Controllers::Joysticks { player: 1 },
    difficulties: &[0, 1],
    points: |ram, _| match 100 * ram.digits([8, 6]) {
        points @ 800_000.. => points - 800_000,
        points => points,
    },
    lives: |ram, at| if ram.byte(87) & 1 != 0 { at.lives } else { ram.byte(13) & 15 },
    first_lives: 3,
    over: |ram, _| ram.byte(13) & 15 == 0 && ram.byte(116) == 248,
    ..Rules::new("wizard_of_wor", "7e8aa18bc9502eb57daaf5e7c1e94da7")
};
