//! Plays ROM files interpreted and translated, two of four frames unseen, compares every frame, and says how long one takes
//! either way.
//!
//! ```text
//! cargo run --release -p vcs --features translate --example both_ways -- FRAMES ROM...
//! ```

use std::time::{Duration, Instant};

use vcs::{Console, Inputs, Rom};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let frames: u32 = arguments.next().ok_or("expected a number of frames, then ROM files")?.parse()?;
    for path in arguments {
        let rom = Rom::new(&std::fs::read(&path)?)?;
        let row = match play(&rom, frames) {
            Ok([interpreted, translated]) => format!("{interpreted:8.2} us {translated:8.2} us"),
            Err(frame) => format!("differs in frame {frame}"),
        };
        println!("{:30} {:?} {row}", path.rsplit('/').next().unwrap_or(&path), rom.banking());
    }
    Ok(())
}

/// Microseconds a frame, interpreted and translated; or the first frame that differs.
fn play(rom: &Rom, frames: u32) -> Result<[f64; 2], u32> {
    let mut consoles = [Console::new(rom.clone()), Console::new(rom.clone())];
    consoles[0].set_translating(false);
    let mut times = [Duration::ZERO; 2];
    for frame in 0..frames {
        let inputs = inputs(frame);
        for (console, time) in consoles.iter_mut().zip(&mut times) {
            let start = Instant::now();
            if frame % 4 < 2 {
                console.run_frame(&inputs)
            } else {
                console.run_frame_unseen(&inputs)
            }
            *time += start.elapsed();
        }
        let [a, b] = &consoles;
        if a.state() != b.state() || a.screen() != b.screen() {
            return Err(frame);
        }
    }
    Ok(times.map(|time| time.as_secs_f64() * 1e6 / f64::from(frames)))
}

/// The reset switch after 60 frames, then a joystick and paddles that move now and then.
fn inputs(frame: u32) -> Inputs {
    let held = (frame / 9).wrapping_mul(2_654_435_761) >> 16;
    let swcha = if frame < 80 { 0xff } else { !(1u8 << (held % 8)) };
    let swchb = if (60..72).contains(&frame) { 0x3e } else { 0x3f };
    Inputs { swcha, swchb, fire: [held & 256 != 0, false], paddles: [Some(2000 + (held & 0x1fff)); 4] }
}
