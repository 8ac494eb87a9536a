//! Montezuma's Revenge. The points are decimal digits, two a byte, in bytes 19, 20 and 21. At the end byte 126 is 60.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    points: |ram, _| ram.digits([19, 20, 21]),
    lives: |ram, at| if at.over { 0 } else { (ram.byte(58) & 7) + 1 },
    over: |ram, _| ram.byte(58) == 0 && ram.byte(126) == 96,
    ..Rules::new("montezuma_revenge", "3347a6dd59049b15a38394aa2dafa585")
};
