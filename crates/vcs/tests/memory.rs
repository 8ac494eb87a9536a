//! Consoles that are made and dropped leave no memory behind, translated code included.
#![cfg(all(target_os = "linux", feature = "translate"))]

use vcs::{Banking, Console, Inputs, Rom};

/// 250 lines a frame, in a loop that is soon hot.
fn program() -> Vec<u8> {
    let mut code = vec![0xea; 4096];
    let loops = [0xa9, 2, 0x85, 0, 0x85, 2, 0xa9, 0, 0x85, 0, 0xa2, 250, 0x85, 2, 0x86, 9, 0xca, 0xd0, 0xf9];
    code[..22].copy_from_slice(&[&loops[..], &[0x4c, 0x00, 0xf0]].concat());
    // By this the scheme is known.
    code[0x800..0x803].copy_from_slice(&[0xad, 0xf8, 0xff]);
    code[0xffc..].copy_from_slice(&[0x00, 0xf0, 0x00, 0xf0]);
    code
}

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn five_thousand_consoles_leave_no_memory_behind() {
    let (plain, banked) = (program(), program().repeat(2));
    assert_eq!(Rom::new(&banked).unwrap().banking(), Banking::F8);
    let play = |bytes: &[u8]| {
        let mut console = Console::new(Rom::new(bytes).unwrap());
        (0..4).for_each(|_| console.run_frame(&Inputs::default()));
    };
    let both = |count| {
        for _ in 0..count {
            play(&plain);
            play(&banked);
        }
        resident()
    };
    let early = both(250);
    let late = both(2_250);
    assert!(late < early + 8 * 1024, "{early} KiB after 500 consoles, {late} KiB after 5,000");
}
