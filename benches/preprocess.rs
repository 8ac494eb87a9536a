//! The frame difference on recorded frames of Pong: `cargo bench -p preprocess`.
//!
//! Each number is one frame to one observation: the frame's mask and its difference from the mask before. In the cache
//! means the same two frames in turn; from memory means more frames than any cache holds. `preprocess_numpy.py`, beside
//! this file, times the same with NumPy.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use preprocess::{
    AreaResizer, Cell, DifferenceConfig, FrameFormat, Kernel, Masker, SparseDifferences, difference_with,
};
use replay::episode;

/// One frame to one observation, and the mask to keep for the next.
struct Differences<'a, T> {
    kernel: Kernel,
    masker: Masker,
    frames: &'a [Vec<u8>],
    next: usize,
    masks: [Vec<u8>; 2],
    observation: Vec<T>,
}

impl<'a, T: Cell + Default + Clone> Differences<'a, T> {
    fn new(kernel: Kernel, format: FrameFormat, config: &DifferenceConfig, frames: &'a [Vec<u8>]) -> Self {
        let masker = Masker::new(format, config).expect("a possible configuration").with_kernel(kernel);
        let masks = [0, 1].map(|_| vec![0; masker.mask_len()]);
        Self { kernel, masker, frames, next: 0, masks, observation: vec![T::default(); config.side().pow(2)] }
    }

    fn step(&mut self) -> &[T] {
        let [now, earlier] = &mut self.masks;
        self.masker.mask(black_box(&self.frames[self.next]), now).expect("a whole frame");
        difference_with(self.kernel, now, earlier, &mut self.observation).expect("masks of one length");
        self.masks.swap(0, 1);
        self.next = (self.next + 1) % self.frames.len();
        black_box(&self.observation)
    }
}

fn bench<T: Cell + Default + Clone>(
    c: &mut Criterion,
    cell: &str,
    format: FrameFormat,
    few: &[Vec<u8>],
    many: &[Vec<u8>],
) {
    for stride in [2, 4] {
        let config = DifferenceConfig { stride, ..DifferenceConfig::default() };
        let format_name = format!("{format:?}").to_lowercase();
        let mut group = c.benchmark_group(format!("{format_name}-{0}x{0}-{cell}", config.side()));
        for kernel in Kernel::available() {
            for (place, frames) in [("cache", few), ("memory", many)] {
                let mut differences = Differences::<T>::new(kernel, format, &config, frames);
                group.bench_function(format!("{}-{place}", kernel.name()), |b| {
                    b.iter(|| {
                        differences.step();
                    })
                });
            }
        }
        group.finish();
    }
}

/// Rows of the sparse form: from two masks, and from the dense difference.
fn bench_sparse(c: &mut Criterion, frames: &[Vec<u8>]) {
    let mut differences =
        Differences::<i8>::new(Kernel::detect(), FrameFormat::Palette, &DifferenceConfig::default(), frames);
    let dense = [(); 2].map(|()| differences.step().to_vec())[1].clone();
    let [now, earlier] = &differences.masks;
    let mut rows = SparseDifferences::new();
    let mut group = c.benchmark_group("sparse-80x80");
    group.bench_function("from-masks", |b| {
        b.iter(|| {
            rows.clear();
            rows.push_difference(black_box(now), earlier).expect("masks of one length");
        })
    });
    group.bench_function("from-dense", |b| {
        b.iter(|| {
            rows.clear();
            rows.push_dense(black_box(&dense)).expect("a short row");
        })
    });
    group.finish();
}

/// The resize of the usual pipeline.
fn bench_resize(c: &mut Criterion, frame: &[u8]) {
    let resizer = AreaResizer::new([210, 160], [84, 84]).expect("a smaller size");
    let mut small = vec![0; 84 * 84];
    let mut group = c.benchmark_group("resize-84x84");
    for kernel in Kernel::available() {
        let resizer = resizer.clone().with_kernel(kernel);
        group.bench_function(kernel.name(), |b| {
            b.iter(|| resizer.resize(black_box(frame), &mut small).expect("a whole frame"));
        });
    }
    group.finish();
}

fn preprocess(c: &mut Criterion) {
    let [palette, rgb] = episode::frames();
    bench_sparse(c, &palette[400..402]);
    bench_resize(c, &palette[400]);
    // About 250 MB of each.
    let formats = [(FrameFormat::Palette, palette, 9), (FrameFormat::Rgb, rgb, 3)];
    for (format, frames, times) in formats {
        let many: Vec<_> = std::iter::repeat_n(&frames, times).flatten().cloned().collect();
        let few = &frames[400..402];
        bench::<i8>(c, "i8", format, few, &many);
        bench::<f32>(c, "f32", format, few, &many);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = preprocess
}
criterion_main!(benches);
