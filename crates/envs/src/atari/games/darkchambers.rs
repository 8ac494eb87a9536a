//! Dark Chambers. The points are decimal digits, two a byte, in bytes 79 and 76, and no longer told once byte 85 is below 3.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    has_comb: false,
    first_actions: &[(0, 255), (0, 231)],
    points: |ram, at| if ram.byte(85) < 3 { at.points } else { 10 * ram.digits([79, 76]) },
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(74) & 31 == 0 || ram.byte(85) < 3,
    ..Rules::new("darkchambers", "106855474c69d08c8ffa308d47337269")
};
