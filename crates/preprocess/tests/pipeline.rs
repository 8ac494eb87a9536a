//! The wrappers of the usual Atari pipeline, one by one and together.

mod common;

use common::Film;
use envs::{Action, Env, Error, NumpyRng, Seed};
use preprocess::{
    AreaResize, AreaResizer, ClipReward, FireReset, FrameStack, Kernel, LifeLossEnd, MaxPoolSkip, PipelineConfig,
    pipeline,
};
use proptest::prelude::*;

const IDENTITY: [u8; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < 256 {
        table[i] = i as u8;
        i += 1;
    }
    table
};

/// Frames of one row of two pixels.
fn film(frames: &[[u8; 2]]) -> Film {
    Film::of_shape(&[1, 2], frames.iter().map(|frame| frame.to_vec()).collect())
}

fn reset<E: Env<Obs = u8>>(env: &mut E) -> Vec<u8> {
    let mut observation = vec![99; env.observation_space().size()];
    env.reset(None, &mut observation).unwrap();
    observation
}

fn step<E: Env<Obs = u8>>(env: &mut E) -> (Vec<u8>, f64, bool) {
    let mut observation = vec![99; env.observation_space().size()];
    let step = env.step(Action::Discrete(1), &mut observation).unwrap();
    (observation, step.reward, step.terminated)
}

#[test]
fn a_skip_sums_rewards_and_shows_the_maximum_of_the_last_two_frames() {
    let frames = [[1, 1], [200, 200], [9, 3], [4, 8], [5, 5], [0, 1], [7, 0]];
    let mut env = MaxPoolSkip::new(film(&frames), 3).unwrap();
    assert_eq!(reset(&mut env), [1, 1]);
    assert_eq!(step(&mut env), (vec![9, 8], 6.0, false));
    assert_eq!(step(&mut env), (vec![7, 1], 15.0, false));
    let mut env = MaxPoolSkip::new(film(&frames), 1).unwrap();
    assert_eq!(reset(&mut env), [1, 1]);
    assert_eq!(step(&mut env), (vec![200, 200], 1.0, false));
}

#[test]
fn colours_are_looked_up_before_the_maximum() {
    let colours = IDENTITY.map(|index| 255 - index);
    let mut env = MaxPoolSkip::new(film(&[[1, 1], [10, 20], [30, 5]]), 2).unwrap().with_colours(&colours);
    assert_eq!(reset(&mut env), [254, 254]);
    assert_eq!(step(&mut env), (vec![245, 250], 3.0, false));
}

#[test]
fn an_end_within_a_skip_plays_no_further_frame() {
    let frames = [[1, 1], [2, 2], [3, 9], [4, 4], [5, 5]];
    for (end, shown, reward) in [(1, [1, 1], 1.0), (2, [1, 1], 3.0), (3, [1, 1], 6.0), (4, [4, 4], 10.0)] {
        let mut env = MaxPoolSkip::new(Film { end: Some(end), ..film(&frames) }, 4).unwrap();
        reset(&mut env);
        assert_eq!(step(&mut env), (shown.to_vec(), reward, true), "end at {end}");
    }
}

#[test]
fn a_lost_life_ends_the_episode_once() {
    let mut env = LifeLossEnd::new(Film { life_lost: Some(2), ..film(&[[0, 0]; 5]) });
    reset(&mut env);
    assert_eq!([(); 3].map(|()| step(&mut env).2), [false, true, false]);
    reset(&mut env);
    assert_eq!([(); 3].map(|()| step(&mut env).2), [false, true, false]);
}

#[test]
fn a_game_goes_on_with_the_next_life_where_it_is_asked_to() {
    let frames = [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6]];
    let mut env = LifeLossEnd::new(Film { life_lost: Some(2), end: Some(4), ..film(&frames) }).continuing();
    assert_eq!(reset(&mut env), [1, 1]);
    assert_eq!([(); 2].map(|()| step(&mut env).2), [false, true]);
    assert_eq!(reset(&mut env), [4, 4], "one step after the loss");
    assert_eq!(step(&mut env), (vec![5, 5], 4.0, true), "the game's end");
    assert_eq!(reset(&mut env), [1, 1]);
    assert_eq!([(); 2].map(|()| step(&mut env).2), [false, true]);
    env.reset(Some(&Seed::from(1)), &mut [0; 2]).unwrap();
    assert_eq!(step(&mut env).0, [2, 2], "a seed starts the game anew");
}

#[test]
fn a_frame_of_which_little_changed_is_resized_as_any_other() {
    let first: Vec<u8> = (0..210 * 160).map(|i| (i * 7 % 251) as u8).collect();
    let changed = |rows: &[usize]| {
        let mut frame = first.clone();
        rows.iter().for_each(|row| frame[row * 160 + row % 160] ^= 0xff);
        frame
    };
    let frames =
        [first.clone(), first.clone(), changed(&[0]), changed(&[209]), changed(&[2, 4, 5, 100]), first.clone()];
    let resizer = AreaResizer::new([210, 160], [84, 84]).unwrap();
    let film = MaxPoolSkip::new(Film::of_shape(&[210, 160], frames.to_vec()), 1).unwrap().with_colours(&IDENTITY);
    let mut env = AreaResize::new(film, [84, 84]).unwrap();
    let mut expected = vec![0; 84 * 84];
    for (i, frame) in frames.iter().enumerate() {
        resizer.resize(frame, &mut expected).unwrap();
        let observation = if i == 0 { reset(&mut env) } else { step(&mut env).0 };
        assert_eq!(observation, expected, "frame {i}");
    }
}

#[test]
fn rewards_are_clipped() {
    let mut env = ClipReward::new(film(&[[0, 0]; 5]), -1.0, 2.5).unwrap();
    reset(&mut env);
    assert_eq!([(); 3].map(|()| step(&mut env).1), [1.0, 2.0, 2.5]);
}

#[test]
fn fire_is_pressed_after_a_reset_and_an_end_meanwhile_resets_again() {
    let frames = [[0, 0], [1, 1], [2, 2], [3, 3]];
    assert_eq!(reset(&mut FireReset::new(film(&frames)).unwrap()), [2, 2]);
    // Frame 1 ends the episode: a reset, then action 2 leads to frame 1 again, which ends it, and so another reset.
    let ending = Film { end: Some(1), ..film(&frames) };
    assert_eq!(reset(&mut FireReset::new(ending).unwrap()), [0, 0]);
}

#[test]
fn a_stack_shows_the_newest_last_and_begins_with_copies_of_the_first() {
    let mut env = FrameStack::new(film(&[[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]), 3).unwrap();
    assert_eq!(env.observation_space().shape(), [3, 1, 2]);
    for _ in 0..2 {
        assert_eq!(reset(&mut env), [1, 1, 1, 1, 1, 1]);
        assert_eq!(step(&mut env).0, [1, 1, 1, 1, 2, 2]);
        assert_eq!(step(&mut env).0, [1, 1, 2, 2, 3, 3]);
        assert_eq!(step(&mut env).0, [2, 2, 3, 3, 4, 4]);
        assert_eq!(step(&mut env).0, [3, 3, 4, 4, 5, 5]);
    }
}

fn random(seed: u64, len: usize) -> Vec<u8> {
    let mut rng = NumpyRng::new(&Seed::from(seed));
    (0..len).map(|_| rng.integers(0, 256) as u8).collect()
}

#[test]
fn a_restored_pipeline_goes_on_as_the_saved_one_does() {
    let frames: Vec<_> = (0..30).map(|seed| random(seed, 210 * 160)).collect();
    let config = PipelineConfig { terminal_on_life_loss: true, fire_reset: true, ..PipelineConfig::default() };
    let make = || {
        let film = Film { life_lost: Some(17), ..Film::of_shape(&[210, 160], frames.clone()) };
        pipeline(film, &IDENTITY, &config).unwrap()
    };
    let mut env = make();
    reset(&mut env);
    step(&mut env);
    let mut bytes = Vec::new();
    env.save(&mut bytes).unwrap();
    bytes.push(42);
    let (mut other, mut state) = (make(), &bytes[..]);
    other.restore(&mut state).unwrap();
    assert_eq!(state, [42], "it takes its own bytes only");
    let steps = [(); 4].map(|()| step(&mut env));
    assert_eq!([(); 4].map(|()| step(&mut other)), steps);
    assert!(steps.iter().any(|(_, _, terminated)| *terminated));
    for len in 0..bytes.len() - 1 {
        if len % 1009 == 0 {
            assert!(matches!(other.restore(&mut &bytes[..len]), Err(Error::BadState { .. })), "{len} bytes of it");
        }
    }
    assert_eq!(step(&mut other), step(&mut env), "a refused state changes nothing");
}

#[test]
fn impossible_options_are_refused_by_name() {
    let make = |config| pipeline(Film::of_shape(&[210, 160], vec![vec![0; 210 * 160]]), &IDENTITY, &config).map(|_| ());
    let default = PipelineConfig::default();
    let refused = [
        (
            make(PipelineConfig { frame_skip: 0, ..default }),
            "frame_skip = 0 is not possible: expected at least 1 frame",
        ),
        (make(PipelineConfig { stack: 0, ..default }), "stack = 0 is not possible: expected at least 1 observation"),
        (
            make(PipelineConfig { screen_size: [84, 161], ..default }),
            "screen_size = [84, 161] is not possible: expected at least [1, 1] and at most [210, 160]",
        ),
        (
            MaxPoolSkip::new(Film::of_shape(&[2, 2, 3], Vec::new()), 1)
                .and_then(|env| AreaResize::new(env, [1, 1]))
                .map(|_| ()),
            "screen_size = [1, 1] is not possible: expected frames (rows, columns), not [2, 2, 3]",
        ),
    ];
    for (result, message) in refused {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}

/// The mean of the area of each new pixel in whole numbers: twice the sum, and twice its divisor.
fn exact_means(frame: &[u8], [rows, columns]: [usize; 2], [new_rows, new_columns]: [usize; 2]) -> Vec<(u64, u64)> {
    let overlap = |old: usize, from: usize, new: usize, to: usize| {
        ((old + 1) * to).min((new + 1) * from).saturating_sub((old * to).max(new * from)) as u64
    };
    let sum = |row: usize, column: usize| -> u64 {
        let across = |old_row: usize| -> u64 {
            let pixels = &frame[old_row * columns..][..columns];
            pixels.iter().enumerate().map(|(i, p)| u64::from(*p) * overlap(i, columns, column, new_columns)).sum()
        };
        (0..rows)
            .map(|i| (overlap(i, rows, row, new_rows), i))
            .map(|(w, i)| if w == 0 { 0 } else { w * across(i) })
            .sum()
    };
    let divisor = (rows * columns) as u64;
    (0..new_rows)
        .flat_map(|row| (0..new_columns).map(move |c| (row, c)))
        .map(|(r, c)| (2 * sum(r, c), 2 * divisor))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn resized_pixels_are_means_and_all_kernels_agree(
        from in [20..100usize, 30..260usize], scale in [0.3..1.0f64, 0.3..1.0f64], usual in any::<bool>(), seed in any::<u64>()
    ) {
        let to = [0, 1].map(|i| (from[i] as f64 * scale[i]).ceil() as usize);
        let (from, to) = if usual { ([210, 160], [84, 84]) } else { (from, to) };
        let frame = random(seed, from[0] * from[1]);
        let resizer = AreaResizer::new(from, to).unwrap();
        let resized = |kernel| {
            let mut small = vec![99; to[0] * to[1]];
            resizer.clone().with_kernel(kernel).resize(&frame, &mut small).unwrap();
            small
        };
        let plain = resized(Kernel::PLAIN);
        for kernel in Kernel::available() {
            prop_assert_eq!(&resized(kernel), &plain, "{} {:?} {:?}", kernel.name(), from, to);
        }
        for (pixel, (sum, divisor)) in plain.iter().zip(exact_means(&frame, from, to)) {
            // Rounded to the nearest; close to a tie, floats may fall on either side.
            let twice_error = (2 * sum).abs_diff(2 * u64::from(*pixel) * divisor);
            prop_assert!(twice_error <= divisor + divisor / 1000, "{pixel} for {sum} / {divisor}");
        }
    }
}

#[test]
fn a_batch_of_frames_is_resized_as_they_are_one_by_one() {
    let resizer = AreaResizer::new([210, 160], [84, 84]).unwrap();
    let (batch, mut small) = (random(3, 3 * 210 * 160), vec![0; 3 * 84 * 84]);
    resizer.resize(&batch, &mut small).unwrap();
    for (frame, small) in batch.chunks(210 * 160).zip(small.chunks(84 * 84)) {
        let mut one = vec![0; 84 * 84];
        resizer.resize(frame, &mut one).unwrap();
        assert_eq!(one, small);
    }
    assert!(matches!(resizer.resize(&batch[1..], &mut small), Err(Error::WrongLength { .. })));
    assert!(matches!(resizer.resize(&batch, &mut small[1..]), Err(Error::WrongLength { .. })));
}
