//! Boxing. C0 in either score is a knockout, which counts 100. Bytes 17 and 16 are the clock.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    actions: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    difficulties: &[0, 1, 2, 3],
    points: |ram, _| points(ram, 18) - points(ram, 19),
    over: |ram, _| points(ram, 18) == 100 || points(ram, 19) == 100 || (ram.byte(17) == 0 && ram.byte(16) < 16),
    ..Rules::new("boxing", "c3ef5c4653212088eda54dc91d787870")
};

fn points(ram: super::Memory<'_>, at: usize) -> i32 {
    if ram.byte(at) == 0xc0 { 100 } else { ram.decimal(at) }
}
