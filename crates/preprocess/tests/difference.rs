//! What the frame difference shows, and that it is exactly that.

mod common;

use common::{Film, ball_at, picture};
use envs::{Action, Env, Error};
use preprocess::{DifferenceConfig, FrameDifference, FrameFormat, Phi};

const FORMATS: [FrameFormat; 2] = [FrameFormat::Palette, FrameFormat::Rgb];
const SECOND_FIELD: usize = 1;

fn configs() -> impl Iterator<Item = DifferenceConfig> {
    let options = |phi| [(2, 1), (2, 2), (4, 1), (4, 2)].map(|(stride, distance)| (phi, stride, distance));
    let all = options(Phi::Difference).into_iter().chain(options(Phi::Blog));
    all.map(|(phi, stride, distance)| DifferenceConfig { phi, stride, distance, ..DifferenceConfig::default() })
}

fn film(format: FrameFormat, frames: &[[Vec<u8>; 2]], config: &DifferenceConfig) -> FrameDifference<Film> {
    let index = usize::from(format == FrameFormat::Rgb);
    let frames = frames.iter().map(|pair| pair[index].clone()).collect();
    FrameDifference::new(Film::new(format, frames), format, config).unwrap()
}

/// The observations of a reset and `steps` steps.
fn observations(env: &mut impl Env<Obs = i8>, steps: usize) -> Vec<Vec<i8>> {
    let mut observation = vec![7; env.observation_space().size()];
    env.reset(None, &mut observation).unwrap();
    let first = observation.clone();
    let later = (0..steps).map(|_| {
        env.step(Action::Discrete(1), &mut observation).unwrap();
        observation.clone()
    });
    [first].into_iter().chain(later).collect()
}

fn non_zero(observation: &[i8], side: usize) -> Vec<(usize, usize, i8)> {
    let cells = observation.iter().enumerate().filter(|(_, cell)| **cell != 0);
    cells.map(|(i, cell)| (i / side, i % side, *cell)).collect()
}

#[test]
fn a_moving_ball_is_one_where_it_is_and_minus_one_where_it_was() {
    let frames = [ball_at(0, 34, 0), ball_at(0, 36, 8)];
    for format in FORMATS {
        let seen = observations(&mut film(format, &frames, &DifferenceConfig::default()), 1);
        assert_eq!(non_zero(&seen[0], 80), [], "{format:?}: the first observation is all zeros");
        assert_eq!(non_zero(&seen[1], 80), [(0, 0, -1), (1, 0, -1), (1, 4, 1), (2, 4, 1)], "{format:?}");
    }
}

#[test]
fn only_the_field_between_the_walls_is_seen() {
    let inside = |row: usize| (34..194).contains(&row);
    let frames = [picture(|_, _| 0), picture(|row, _| if inside(row) { 0 } else { 2 })];
    let frames_inside = [picture(|_, _| 0), picture(|row, _| if inside(row) { 2 } else { 0 })];
    for (format, config) in FORMATS.into_iter().flat_map(|format| configs().map(move |config| (format, config))) {
        let seen = observations(&mut film(format, &frames, &config), 1);
        assert!(seen[1].iter().all(|cell| *cell == 0), "{format:?} {config:?}");
        let seen = observations(&mut film(format, &frames_inside, &config), 1);
        assert!(seen[1].iter().all(|cell| *cell == 1), "{format:?} {config:?}");
    }
}

#[test]
fn the_change_of_the_fields_colour_at_an_episodes_start_is_not_seen() {
    let frames = [ball_at(SECOND_FIELD, 50, 50), ball_at(0, 50, 50)];
    for format in FORMATS {
        let seen = observations(&mut film(format, &frames, &DifferenceConfig::default()), 1);
        assert!(seen[1].iter().all(|cell| *cell == 0), "{format:?}");
        let blog = observations(&mut film(format, &frames, &DifferenceConfig::blog()), 0);
        assert!(
            blog[0].iter().all(|cell| *cell == 1),
            "{format:?}: the write-up's formula sees the whole field change"
        );
    }
}

#[test]
fn distance_two_compares_with_the_frame_before_the_last() {
    let frames = [ball_at(0, 40, 0), ball_at(0, 48, 0), ball_at(0, 56, 0), ball_at(0, 64, 0)];
    let config = DifferenceConfig { distance: 2, stride: 4, ..DifferenceConfig::default() };
    for format in FORMATS {
        let seen = observations(&mut film(format, &frames, &config), 3);
        let rows: Vec<_> = seen.iter().map(|seen| non_zero(seen, 40)).collect();
        // Rows 40, 48, ... are rows 6, 14, ... of the field; the ball's four rows meet one row of the grid.
        let expected = [vec![], vec![(2, -1), (4, 1)], vec![(2, -1), (6, 1)], vec![(4, -1), (8, 1)]];
        assert_eq!(rows, expected.map(|cells| cells.into_iter().map(|(row, sign)| (row, 0, sign)).collect::<Vec<_>>()));
    }
}

#[test]
fn with_the_frame_a_resting_ball_is_seen() {
    let frames = [ball_at(0, 34, 0), ball_at(0, 36, 8), ball_at(0, 36, 8)];
    for (format, stride) in FORMATS.into_iter().flat_map(|format| [2, 4].map(|stride| (format, stride))) {
        let difference = DifferenceConfig { stride, ..DifferenceConfig::default() };
        let plain = observations(&mut film(format, &frames, &difference), 2);
        let mut env = film(format, &frames, &DifferenceConfig { with_frame: true, ..difference });
        let side = difference.side();
        assert_eq!(env.observation_space().shape(), [2, side, side]);
        let seen = observations(&mut env, 2);
        for (seen, plain) in seen.iter().zip(plain) {
            assert_eq!(seen[side * side..], plain, "the difference is the same");
        }
        let column = 8 / stride;
        let resting = &seen[2];
        let rows = if stride == 2 { vec![1, 2] } else { vec![1] };
        let expected: Vec<_> = rows.into_iter().map(|row| (row, column, 1)).collect();
        assert_eq!(non_zero(resting, side), expected, "{format:?}: only the frame shows it");
        assert_eq!(observations(&mut env, 2), seen, "a reset forgets what was before");
        let against_first = DifferenceConfig { with_frame: true, against_first: true, ..difference };
        let seen = observations(&mut film(format, &frames, &against_first), 2);
        let gone = if stride == 2 { vec![(0, 0, -1), (1, 0, -1)] } else { vec![(0, 0, -1)] };
        let mut expected = [gone, expected].concat();
        expected.sort_unstable();
        assert_eq!(non_zero(&seen[2][..side * side], side), expected, "{format:?}: where it was first, it is gone");
    }
}

/// The write-up's formula, said again in its own words: a queue of three frames that starts as zeros; the green channel
/// of the last and the first, cropped; 72 becomes 0, then what is not 0 becomes 1; the difference; every fourth cell.
fn blog_formula(queue: &[Vec<u8>]) -> Vec<i8> {
    let prepare = |frame: &[u8]| -> Vec<i8> {
        let green = frame.chunks_exact(3).map(|pixel| pixel[1]);
        let cropped = green.skip(34 * 160).take(160 * 160);
        cropped.map(|green| if green == 72 { 0 } else { green }).map(|green| i8::from(green != 0)).collect()
    };
    let (last, first) = (prepare(&queue[2]), prepare(&queue[0]));
    let difference: Vec<i8> = last.iter().zip(first).map(|(last, first)| last - first).collect();
    (0..40)
        .flat_map(|row| (0..40).map(move |column| (4 * row, 4 * column)))
        .map(|(r, c)| difference[r * 160 + c])
        .collect()
}

#[test]
fn phi_blog_is_the_write_ups_formula() {
    let frames: Vec<_> = (0..9)
        .map(|t| {
            picture(move |r, c| if r / 8 % 9 == t || c / 8 % 9 == t { (r + c + t) % 7 } else { usize::from(t < 2) })
        })
        .collect();
    let mut queue = vec![vec![0; 210 * 160 * 3]; 3];
    let expected: Vec<_> = frames
        .iter()
        .map(|[_, rgb]| {
            queue.remove(0);
            queue.push(rgb.clone());
            blog_formula(&queue)
        })
        .collect();
    for format in FORMATS {
        assert_eq!(observations(&mut film(format, &frames, &DifferenceConfig::blog()), 8), expected, "{format:?}");
    }
}

#[test]
fn a_restored_environment_goes_on_as_the_saved_one_does() {
    let frames: Vec<_> = (0..10).map(|t| ball_at(0, 40 + 4 * t, 8 * t)).collect();
    for config in configs() {
        let mut env = film(FrameFormat::Palette, &frames, &config);
        observations(&mut env, 3);
        let mut bytes = vec![1, 2, 3];
        env.save(&mut bytes).unwrap();
        bytes.push(99);
        let (mut state, mut other) = (&bytes[3..], film(FrameFormat::Palette, &frames, &config));
        other.restore(&mut state).unwrap();
        assert_eq!(state, [99], "it takes its own bytes only");
        let (mut a, mut b) = (vec![0; config.side().pow(2)], vec![5; config.side().pow(2)]);
        for _ in 0..4 {
            assert_eq!(
                env.step(Action::Discrete(0), &mut a).unwrap(),
                other.step(Action::Discrete(0), &mut b).unwrap()
            );
            assert_eq!(a, b, "{config:?}");
            assert!(a.iter().any(|cell| *cell != 0));
        }
    }
}

#[test]
fn a_reset_forgets_the_frames_before_it() {
    let frames = [ball_at(0, 50, 50), ball_at(0, 60, 60), ball_at(0, 70, 70)];
    for config in configs() {
        let mut env = film(FrameFormat::Rgb, &frames, &config);
        let first = observations(&mut env, 2);
        assert_eq!(observations(&mut env, 2), first, "{config:?}");
    }
}

#[test]
fn refused_calls_say_why_and_change_nothing() {
    let frames = [ball_at(0, 40, 0), ball_at(0, 48, 0), ball_at(0, 56, 0)];
    let mut env = film(FrameFormat::Palette, &frames, &DifferenceConfig::default());
    let before = observations(&mut env, 1);
    let mut row = vec![0; 6400];
    assert!(matches!(env.step(Action::Discrete(7), &mut row), Err(Error::InvalidAction { .. })));
    assert!(matches!(env.step(Action::Discrete(1), &mut row[1..]), Err(Error::WrongLength { expected: 6400, .. })));
    assert!(matches!(env.restore(&mut &[3, 1, 4][..]), Err(Error::BadState { .. })));
    env.step(Action::Discrete(1), &mut row).unwrap();
    assert_eq!(row, observations(&mut film(FrameFormat::Palette, &frames, &DifferenceConfig::default()), 2)[2]);
    assert_ne!(row, before[1]);

    let mut smaller = Vec::new();
    let config = DifferenceConfig { stride: 4, ..DifferenceConfig::default() };
    film(FrameFormat::Palette, &frames, &config).save(&mut smaller).unwrap();
    assert!(matches!(env.restore(&mut &smaller[..]), Err(Error::BadState { .. })));
}

#[test]
fn impossible_options_are_refused_by_name() {
    let make = |format, config| {
        let frames = vec![ball_at(0, 40, 0)[0].clone()];
        FrameDifference::new(Film::new(FrameFormat::Palette, frames), format, &config).map(|_| ())
    };
    let default = DifferenceConfig::default();
    let refused = [
        (
            make(FrameFormat::Rgb, default),
            "format = Rgb is not possible: expected a format of the environment's shape [210, 160]",
        ),
        (
            make(FrameFormat::Palette, DifferenceConfig { stride: 3, ..default }),
            "stride = 3 is not possible: expected 2 (80x80 cells) or 4 (40x40 cells)",
        ),
        (
            make(FrameFormat::Palette, DifferenceConfig { distance: 0, ..default }),
            "distance = 0 is not possible: expected 1 or 2",
        ),
    ];
    for (result, message) in refused {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}
