//! All instructions give the same bits, on every frame of a recorded episode and on random frames.

use envs::{Error, NumpyRng, Seed};
use preprocess::{DifferenceConfig, FrameFormat, Kernel, Masker, Phi, SparseCell, SparseDifferences, difference_with};
use proptest::prelude::*;
use replay::episode;

const FORMATS: [FrameFormat; 2] = [FrameFormat::Palette, FrameFormat::Rgb];

fn maskers(format: FrameFormat) -> impl Iterator<Item = Masker> {
    let options = [Phi::Difference, Phi::Blog].into_iter().flat_map(|phi| [(phi, 2), (phi, 4)]);
    options.map(move |(phi, stride)| {
        Masker::new(format, &DifferenceConfig { phi, stride, ..DifferenceConfig::default() }).unwrap()
    })
}

fn mask(masker: Masker, frames: &[u8]) -> Vec<u8> {
    let mut mask = vec![0x5a; masker.mask_len() * (frames.len() / masker.format().frame_len())];
    masker.mask(frames, &mut mask).unwrap();
    mask
}

/// Both outputs of a kernel.
fn differences(kernel: Kernel, now: &[u8], earlier: &[u8]) -> (Vec<i8>, Vec<f32>) {
    let (mut i8s, mut f32s) = (vec![7; now.len() * 8], vec![7.0; now.len() * 8]);
    difference_with(kernel, now, earlier, &mut i8s).unwrap();
    difference_with(kernel, now, earlier, &mut f32s).unwrap();
    (i8s, f32s)
}

/// Floats by their bits: 0 is not -0.
fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| float.to_bits()).collect()
}

fn assert_all_kernels_agree(format: FrameFormat, now: &[u8], earlier: &[u8]) {
    for masker in maskers(format) {
        let plain = [now, earlier].map(|frame| mask(masker.with_kernel(Kernel::PLAIN), frame));
        let (i8s, f32s) = differences(Kernel::PLAIN, &plain[0], &plain[1]);
        assert_sparse_is_dense(&plain[0], &plain[1], &i8s);
        for kernel in Kernel::available() {
            let name = kernel.name();
            let masks = [now, earlier].map(|frame| mask(masker.with_kernel(kernel), frame));
            assert_eq!(masks, plain, "{name} {masker:?}");
            let (kernel_i8s, kernel_f32s) = differences(kernel, &masks[0], &masks[1]);
            assert_eq!(kernel_i8s, i8s, "{name} {masker:?}");
            assert_eq!(bits(&kernel_f32s), bits(&f32s), "{name} {masker:?}");
        }
    }
}

/// Sparse rows, made either way, say the same as the dense one.
fn assert_sparse_is_dense(now: &[u8], earlier: &[u8], dense: &[i8]) {
    let mut rows = SparseDifferences::new();
    rows.push_difference(now, earlier).unwrap();
    rows.push_dense(dense).unwrap();
    assert_eq!(rows.row(0), rows.row(1));
    let cells: Vec<_> = rows.row(0).iter().map(|cell| (cell.index(), cell.sign())).collect();
    let expected = dense.iter().enumerate().filter(|(_, cell)| **cell != 0).map(|(i, cell)| (i, *cell));
    assert_eq!(cells, expected.collect::<Vec<_>>());
    let mut back = vec![9; dense.len()];
    rows.write_dense(0, &mut back).unwrap();
    assert_eq!(back, dense);
}

#[test]
fn all_kernels_agree_on_every_frame_of_a_recorded_episode() {
    for (format, frames) in FORMATS.into_iter().zip(episode::frames()) {
        for pair in frames.windows(2) {
            assert_all_kernels_agree(format, &pair[1], &pair[0]);
        }
    }
}

#[test]
fn palette_and_rgb_frames_of_a_recorded_episode_have_the_same_masks() {
    let [palette, rgb] = episode::frames();
    for (palette, rgb) in palette.iter().zip(&rgb) {
        for (palette_masker, rgb_masker) in maskers(FrameFormat::Palette).zip(maskers(FrameFormat::Rgb)) {
            assert_eq!(mask(palette_masker, palette), mask(rgb_masker, rgb), "{palette_masker:?}");
        }
    }
}

#[test]
fn the_plain_kernel_is_the_definition() {
    let [palette, rgb] = episode::frames();
    for (palette, rgb) in palette.iter().zip(&rgb).step_by(40) {
        for stride in [2, 4] {
            let cells = (34..194).step_by(stride).flat_map(|row| (0..160).step_by(stride).map(move |c| row * 160 + c));
            let expected: Vec<i8> = cells.clone().map(|at| i8::from(![34, 228].contains(&palette[at]))).collect();
            assert_eq!(expected, cells.map(|at| i8::from(![72, 118].contains(&rgb[3 * at + 1]))).collect::<Vec<_>>());
            let config = DifferenceConfig { stride, ..DifferenceConfig::default() };
            let masker = Masker::new(FrameFormat::Palette, &config).unwrap().with_kernel(Kernel::PLAIN);
            let mask = mask(masker, palette);
            assert_eq!(differences(Kernel::PLAIN, &mask, &vec![0; mask.len()]).0, expected);
        }
    }
}

#[test]
fn a_batch_is_its_frames_one_by_one() {
    for (format, frames) in FORMATS.into_iter().zip(episode::frames()) {
        let batch = frames[100..105].concat();
        for masker in maskers(format) {
            let one_by_one: Vec<_> = frames[100..105].iter().flat_map(|frame| mask(masker, frame)).collect();
            assert_eq!(mask(masker, &batch), one_by_one, "{masker:?}");
        }
    }
}

#[test]
fn sparse_rows_take_a_hundredth_of_the_memory() {
    let [palette, _] = episode::frames();
    let masker = Masker::new(FrameFormat::Palette, &DifferenceConfig::default()).unwrap();
    let mut rows = SparseDifferences::new();
    for pair in palette.windows(2) {
        rows.push_difference(&mask(masker, &pair[1]), &mask(masker, &pair[0])).unwrap();
    }
    assert_eq!(rows.len(), palette.len() - 1);
    let (sparse, dense) = (size_of_val(rows.cells()) + size_of_val(rows.offsets()), rows.len() * 6400);
    assert!(sparse * 60 < dense, "{sparse} bytes for {dense}");
    rows.clear();
    assert!(rows.is_empty());
}

#[test]
fn sparse_rows_refuse_what_they_cannot_hold() {
    let mut rows = SparseDifferences::new();
    let long = vec![1; SparseCell::MAX_LEN + 1];
    assert!(matches!(rows.push_dense(&long), Err(Error::WrongLength { actual: 32769, expected: 32768, .. })));
    assert!(matches!(rows.push_difference(&[1, 2], &[1]), Err(Error::WrongLength { .. })));
    rows.push_dense(&long[1..]).unwrap();
    assert_eq!(rows.row(0).last().map(|cell| cell.index()), Some(32767));
    assert!(matches!(rows.write_dense(0, &mut [0; 100]), Err(Error::WrongLength { expected: 32768, .. })));
}

/// A frame of random bytes among which the backgrounds and their neighbours are frequent.
fn frame(format: FrameFormat, seed: u64) -> Vec<u8> {
    let mut rng = NumpyRng::new(&Seed::from(seed));
    let frequent = [0, 34, 228, 72, 118, 33, 35, 73, 255];
    let share = rng.random();
    let mut pixel =
        || if rng.random() < share { frequent[rng.integers(0, 9) as usize] } else { rng.integers(0, 256) as u8 };
    (0..format.frame_len()).map(|_| pixel()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn all_kernels_agree_on_random_frames(seeds in any::<[u64; 2]>(), rgb in any::<bool>()) {
        let format = FORMATS[usize::from(rgb)];
        let [now, earlier] = seeds.map(|seed| frame(format, seed));
        assert_all_kernels_agree(format, &now, &earlier);
    }

    #[test]
    fn all_kernels_agree_on_masks_of_any_length(pairs in prop::collection::vec(any::<[u8; 2]>(), 0..70)) {
        let [now, earlier] = [0, 1].map(|i| pairs.iter().map(|pair| pair[i]).collect::<Vec<_>>());
        let plain = differences(Kernel::PLAIN, &now, &earlier);
        assert_sparse_is_dense(&now, &earlier, &plain.0);
        for kernel in Kernel::available() {
            let (i8s, f32s) = differences(kernel, &now, &earlier);
            prop_assert_eq!(&i8s, &plain.0, "{}", kernel.name());
            prop_assert_eq!(bits(&f32s), bits(&plain.1), "{}", kernel.name());
        }
    }
}
