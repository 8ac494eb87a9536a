//! Atlantis2. The points are decimal digits, two a byte, in bytes 35, 34 and 33. Byte 113 counts the installations and is
//! 255 at the end, when the points are no longer told.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 11, 12],
    points: |ram, at| if at.over { at.points } else { ram.digits([35, 34, 33]) },
    lives: |ram, at| if at.over { 0 } else { ram.byte(113) },
    over: |ram, _| ram.byte(113) == 255,
    ..Rules::new("atlantis2", "826481f6fc53ea47c9f272f7050eedf7")
};
