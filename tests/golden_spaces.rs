//! Spaces draw the samples that Gymnasium's draw from the same seed.

use envs::{Bounds, BoxSpace, DType, Discrete, NumpyRng, Sample, Space};
use replay::{Comparison, Recording, finish, recordings};

/// Our space of a recording, and its recorded samples as floats, one after the other.
fn space_and_samples(recording: &Recording) -> (Space, Vec<f64>) {
    let whole = |name| recording.column::<i64>(name).into_iter().map(|value| value as f64).collect();
    if recording.header["type"] == "discrete" {
        let [n, start] = ["n", "start"].map(|name| recording.header[name].as_i64().unwrap());
        return (Space::Discrete(Discrete { n, start }), whole("samples"));
    }
    let (dtype, samples) = match recording.header["dtype"].as_str().unwrap() {
        "u8" => (DType::U8, recording.column::<u8>("samples").into_iter().map(f64::from).collect()),
        "i64" => (DType::I64, whole("samples")),
        "f32" => (DType::F32, recording.column::<f32>("samples").into_iter().map(f64::from).collect()),
        "f64" => (DType::F64, recording.column("samples")),
        other => panic!("{other}"),
    };
    let bounds: Vec<(f64, f64)> = recording.column("low").into_iter().zip(recording.column("high")).collect();
    (Space::Box(BoxSpace { shape: vec![bounds.len()], dtype, bounds: Bounds::Each(bounds) }), samples)
}

#[test]
fn samples_equal_gymnasiums_for_every_kind_of_bound() {
    finish(recordings("spaces").iter().map(|recording| {
        let (space, theirs) = space_and_samples(recording);
        let mut theirs = theirs.chunks(space.size());
        let mut comparison = Comparison::new(&recording.case);
        for seed in recording.seeds() {
            let mut rng = NumpyRng::new(&seed);
            for _ in 0..recording.header["per_seed"].as_u64().unwrap() {
                let ours = match space.sample(&mut rng) {
                    Sample::Discrete(value) => vec![value as f64],
                    Sample::Box(values) => values,
                };
                comparison.row();
                comparison.all_equal(&format!("sample after seed {seed}"), &ours, theirs.next().unwrap());
            }
        }
        comparison
    }));
}
