//! The generator equals NumPy's bit for bit: what every seed of every environment rests on.

use envs::{NumpyRng, rng::SeedSequence};
use replay::{Comparison, Recording, finish, recordings};

fn recording(case: &str) -> Recording {
    recordings("rng").into_iter().find(|recording| recording.case == case).expect(case)
}

#[test]
fn seeds_of_any_size_spread_into_the_words_numpy_makes_of_them() {
    let recording = recording("rng/seed-sequence");
    let words: Vec<u32> = recording.column("words");
    let mut comparison = Comparison::new(&recording.case);
    for (seed, theirs) in recording.seeds().iter().zip(words.chunks(16)) {
        comparison.row();
        comparison.all_equal(&format!("words of seed {seed}"), &SeedSequence::new(seed).generate_state(16), theirs);
    }
    finish([comparison]);
}

#[test]
fn every_kind_of_draw_equals_numpys_when_the_kinds_take_turns() {
    let recording = recording("rng/mixed");
    let kinds: Vec<u8> = recording.column("kind");
    let (lows, highs): (Vec<i64>, Vec<i64>) = (recording.column("low"), recording.column("high"));
    let bits: Vec<u64> = recording.column("bits");
    let per_seed = recording.header["draws_per_seed"].as_u64().unwrap() as usize;
    let mut comparison = Comparison::new(&recording.case);
    for (number, seed) in recording.seeds().iter().enumerate() {
        let mut rng = NumpyRng::new(seed);
        for i in number * per_seed..(number + 1) * per_seed {
            let (low, high) = (lows[i], highs[i]);
            let (name, ours) = match kinds[i] {
                0 => ("raw".into(), rng.next_u64()),
                1 => ("random".into(), rng.random().to_bits()),
                2 => {
                    let [low, high] = [low, high].map(|bits| f64::from_bits(bits as u64));
                    (format!("uniform({low}, {high})"), rng.uniform(low, high).to_bits())
                }
                3 => (format!("integers({low}, {high})"), rng.integers(low, high) as u64),
                4 => ("standard_normal".into(), rng.standard_normal().to_bits()),
                5 => ("standard_exponential".into(), rng.standard_exponential().to_bits()),
                kind => panic!("kind {kind}"),
            };
            comparison.row();
            comparison.equal(&format!("seed {seed}, {name}"), ours, bits[i]);
        }
    }
    finish([comparison]);
}

/// One draw, as the bits that NumPy stores.
type Draw = fn(&mut NumpyRng) -> u64;

#[test]
fn long_runs_of_every_distribution_equal_numpys() {
    let recording = recording("rng/long");
    let block = recording.header["block"].as_u64().unwrap() as usize;
    let draws: [(&str, Draw); 6] = [
        ("raw", |rng| rng.next_u64()),
        ("random", |rng| rng.random().to_bits()),
        ("integers_6", |rng| rng.integers(0, 6) as u64),
        ("integers_2_40", |rng| rng.integers(0, 1 << 40) as u64),
        ("normal", |rng| rng.standard_normal().to_bits()),
        ("exponential", |rng| rng.standard_exponential().to_bits()),
    ];
    finish(draws.map(|(name, draw)| {
        let mut comparison = Comparison::new(&format!("{}/{name}", recording.case));
        let blocks: Vec<u32> = recording.column(name);
        let seeds = recording.seeds();
        for (seed, theirs) in seeds.iter().zip(blocks.chunks(blocks.len() / seeds.len())) {
            let mut rng = NumpyRng::new(seed);
            for (number, theirs) in theirs.iter().enumerate() {
                let drawn: Vec<u8> = (0..block).flat_map(|_| draw(&mut rng).to_le_bytes()).collect();
                comparison.row();
                let what = format!("crc32 of block {number} of seed {seed}");
                comparison.equal(&what, crc32fast::hash(&drawn), *theirs);
            }
        }
        comparison
    }));
}
