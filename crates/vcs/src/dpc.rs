//! The chip on Pitfall II's cartridge, the Display Processor Chip (D. Crane, US patent 4,644,495): eight fetchers that run
//! backwards through 2 KiB of pictures, and random numbers. Its tones are not computed: nobody hears them here.
//!
//! Its registers are kept in the [cartridge's memory](crate::cartridge::Cartridge::ram). Reads are at 1000 to 103F, writes at
//! 1040 to 107F; bits 0 to 2 of an address choose the fetcher, bits 3 to 5 what is done. What the patent leaves open was
//! measured of ALE 0.12.1 by programs on such cartridges.

/// Where the program's 8 KiB end and the pictures begin.
pub(crate) const PROGRAM: usize = 8192;
const PICTURES: usize = 2048;
/// The whole: after program and pictures, such files hold the 255 random numbers.
pub(crate) const SIZE: usize = PROGRAM + PICTURES + 255;

/// The registers' places in the memory, for each fetcher: where its flag goes on and off, its counter, its flag.
const TOP: usize = 0;
const BOTTOM: usize = 8;
const LOW: usize = 16;
const HIGH: usize = 24;
const FLAG: usize = 32;
/// The random number.
const RANDOM: usize = 40;
/// From this fetcher on, they can play tones.
const FIRST_TONE: usize = 5;
const PLAYS: u8 = 0x10;

/// From here on, where accesses change banks, any access moves the random number on, in ALE; so does reading code.
pub(crate) const LISTENS: u16 = 0xfc0;

/// What the memory holds at first.
pub(crate) const START: [u8; 128] = {
    let mut memory = [0; 128];
    memory[RANDOM] = 1;
    memory
};

/// Reads register 0 to 63, which moves the fetcher and the random number on.
pub(crate) fn read(memory: &mut [u8; 128], address: u16, bytes: &[u8]) -> u8 {
    let (fetcher, function) = (usize::from(address & 7), address >> 3 & 7);
    touch(memory);
    let low = memory[LOW + fetcher];
    if low == memory[TOP + fetcher] {
        memory[FLAG + fetcher] = 0xff;
    } else if low == memory[BOTTOM + fetcher] {
        memory[FLAG + fetcher] = 0;
    }
    let counter = u16::from_le_bytes([low, memory[HIGH + fetcher] & 7]);
    if !plays(memory, fetcher) {
        let [low, high] = counter.wrapping_sub(1).to_le_bytes();
        (memory[LOW + fetcher], memory[HIGH + fetcher]) = (low, memory[HIGH + fetcher] & PLAYS | high & 7);
    }
    let data = bytes.get(PROGRAM + PICTURES - 1 - usize::from(counter)).copied().unwrap_or(0);
    match function {
        0 if fetcher < 4 => memory[RANDOM],
        1 => data,
        2 => data & memory[FLAG + fetcher],
        7 => memory[FLAG + fetcher],
        // The tones' loudness; swapped, reversed and rotated data, which ALE does not have and Pitfall II does not use.
        _ => 0,
    }
}

/// Any access to the chip's addresses: the random number moves on.
pub(crate) fn touch(memory: &mut [u8; 128]) {
    memory[RANDOM] = next_random(memory[RANDOM]);
}

/// Writes register 64 to 127.
pub(crate) fn write(memory: &mut [u8; 128], address: u16, value: u8) {
    let fetcher = usize::from(address & 7);
    touch(memory);
    match address >> 3 & 7 {
        0 => {
            memory[TOP + fetcher] = value;
            memory[FLAG + fetcher] = 0;
        }
        1 => memory[BOTTOM + fetcher] = value,
        2 if plays(memory, fetcher) => memory[LOW + fetcher] = memory[TOP + fetcher],
        2 => memory[LOW + fetcher] = value,
        3 => memory[HIGH + fetcher] = value & (PLAYS | 7),
        6 => memory[RANDOM] = 1,
        _ => {}
    }
}

/// Whether a fetcher plays a tone, and does not run.
fn plays(memory: &[u8; 128], fetcher: usize) -> bool {
    fetcher >= FIRST_TONE && memory[HIGH + fetcher] & PLAYS != 0
}

/// The number after this one, of 255: its bits move up, and the new one is set where bits 3, 4, 5 and 7 are even.
fn next_random(number: u8) -> u8 {
    number << 1 | (number & 0xb8).count_ones() as u8 & 1 ^ 1
}

#[cfg(test)]
mod tests {
    use super::next_random;

    /// The last bytes of the cartridge's file are all of them; these are the first.
    #[test]
    fn random_numbers_come_in_the_chips_order() {
        let numbers: Vec<u8> = std::iter::successors(Some(0), |number| Some(next_random(*number))).take(12).collect();
        assert_eq!(numbers, [0x00, 0x01, 0x03, 0x07, 0x0f, 0x1e, 0x3d, 0x7a, 0xf4, 0xe8, 0xd0, 0xa1]);
        assert_eq!(
            std::iter::successors(Some(1), |number| Some(next_random(*number))).skip(1).position(|n| n == 1),
            Some(254)
        );
    }
}
