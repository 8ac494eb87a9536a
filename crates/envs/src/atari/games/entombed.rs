//! Entombed. The points are byte 99.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 2],
    first_actions: &[(1, 1), (0, 5)],
    points: |ram, _| ram.byte(99),
    lives: |_, at| i32::from(!at.over),
    over: |ram, _| ram.byte(71) & 3 == 0,
    ..Rules::new("entombed", "6b683be69f92958abe0e2a9945157ad5")
};
