//! Phoenix. The points are decimal digits, two a byte, in bytes 73, 72 and 71, of which the last holds tens alone.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 3, 4, 5, 11, 12, 13],
    points: |ram, _| 100 * ram.digits([73, 72]) + 10 * (ram.byte(71) >> 4),
    lives: |ram, at| if at.over { 0 } else { ram.byte(75) & 7 },
    over: |ram, _| ram.byte(76) == 128,
    ..Rules::new("phoenix", "7e52a95074a66640fcfde124fffd491a")
};
