//! The native console runs programs of random instructions as ALE's does: pictures, collisions, timer, decimal digits.

use replay::{Comparison, finish, recordings};
use vcs::{Console, Inputs, Rom};

/// The programs' frames are all alike after the first ones.
const FRAMES: usize = 8;

#[test]
fn random_programs_leave_the_same_picture_and_memory() {
    finish(recordings("console").iter().map(|recording| {
        let [screens, rams] = ["screen_crc32", "ram_crc32"].map(|name| recording.column::<u32>(name));
        let roms = recording.column::<u8>("rom");
        let mut comparison = Comparison::new(&recording.case);
        for (i, rom) in roms.chunks(roms.len() / screens.len()).enumerate() {
            let mut console = Console::new(Rom::new(rom).unwrap());
            (0..FRAMES).for_each(|_| console.run_frame(&Inputs::default()));
            comparison.row();
            comparison.equal("picture", crc32fast::hash(console.screen()), screens[i]);
            comparison.equal("memory", crc32fast::hash(console.ram()), rams[i]);
        }
        comparison
    }));
}
