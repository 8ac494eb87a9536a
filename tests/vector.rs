//! What the vector of environments promises.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use envs::{
    Action, Actions, Autoreset, BoxEnv, CartPole, Env, Error, Info, Seed, Seeds, Space, Step, TimeLimit, VecEnv,
};
use image::RgbImage;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, counting what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// An environment that counts its steps, ends an episode after `length` of them, and fails on request.
struct Counter {
    length: u64,
    count: u64,
    fail_at: Option<u64>,
    panics: bool,
    space: Space,
}

impl Counter {
    fn new(length: u64) -> Self {
        let space = Space::boxed(&[2], envs::DType::F64, 0.0, f64::INFINITY);
        Self { length, count: 0, fail_at: None, panics: false, space }
    }

    fn failing(length: u64, fail_at: u64, panics: bool) -> Self {
        Self { fail_at: Some(fail_at), panics, ..Self::new(length) }
    }

    fn boxed(self) -> BoxEnv<f64> {
        Box::new(TimeLimit::new(self, None))
    }
}

impl Env for Counter {
    type Obs = f64;

    fn observation_space(&self) -> &Space {
        &self.space
    }

    fn action_space(&self) -> &Space {
        static SPACE: Space = Space::discrete(3);
        &SPACE
    }

    fn reset(&mut self, _seed: Option<&Seed>, observation: &mut [f64]) -> Result<Info, Error> {
        self.count = 0;
        observation.fill(0.0);
        Ok(Info { lives: Some(9), ..Info::default() })
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f64]) -> Result<Step, Error> {
        if self.fail_at == Some(self.count) {
            if self.panics {
                panic!("the counter broke at {}", self.count);
            }
            return Err(Error::BadState { reason: "the counter refuses".into() });
        }
        self.count += 1;
        observation.fill(self.count as f64);
        let Action::Discrete(action) = action else { unreachable!() };
        Ok(Step { reward: action as f64, terminated: self.count == self.length, ..Step::default() })
    }

    fn render(&self) -> Result<RgbImage, Error> {
        Ok(RgbImage::new(1, 1))
    }

    fn render_fps(&self) -> u32 {
        1
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        envs::state::put(&self.count, state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        self.count = envs::state::take(state)?;
        Ok(())
    }
}

fn cart_poles(num_envs: usize, threads: usize) -> VecEnv<f32> {
    VecEnv::make("CartPole-v1", num_envs, threads).unwrap()
}

/// Actions that look random, the same every time.
fn actions(step: usize, num_envs: usize) -> Vec<i64> {
    (0..num_envs).map(|i| (step * 7919 + i * 104_729 + (step * i) / 3) as i64 % 2).collect()
}

#[test]
fn a_vector_steps_as_single_environments_do_that_are_reset_at_their_ends() {
    let seed: Seed = "340282366920938463463374607431768211455".parse().unwrap(); // seed + 1 takes a fifth word
    let mut vector = cart_poles(5, 1);
    vector.reset(&seed).unwrap();
    let mut singles: Vec<BoxEnv<f32>> = (0..5).map(|_| envs::make("CartPole-v1").unwrap().typed().unwrap()).collect();
    let mut rows = [[0f32; 4]; 5];
    for (i, env) in singles.iter_mut().enumerate() {
        env.reset(Some(&seed.offset(i as u64)), &mut rows[i]).unwrap();
    }
    assert_eq!(vector.observations().as_slice().unwrap(), rows.as_flattened());
    let mut ends = 0;
    for t in 0..1000 {
        let actions = actions(t, 5);
        vector.step(Actions::Discrete(&actions)).unwrap();
        for (i, env) in singles.iter_mut().enumerate() {
            let step = env.step(Action::Discrete(actions[i]), &mut rows[i]).unwrap();
            assert_eq!(vector.rewards()[i], step.reward);
            assert_eq!((vector.terminated()[i], vector.truncated()[i]), (step.terminated, step.truncated));
            let timeless = |episode: envs::EpisodeStats| (episode.episode_return, episode.length);
            assert_eq!(vector.episodes()[i].map(timeless), step.episode.map(timeless));
            if step.done() {
                ends += 1;
                assert_eq!(vector.final_observations().as_slice().unwrap()[i * 4..][..4], rows[i]);
                env.reset(None, &mut rows[i]).unwrap();
            }
        }
        assert_eq!(vector.observations().as_slice().unwrap(), rows.as_flattened());
    }
    assert!(ends > 100, "only {ends} episodes ended");
}

#[test]
fn results_are_the_same_for_any_number_of_threads() {
    let run = |threads| {
        let mut vector = cart_poles(37, threads);
        vector.reset(&Seed::from(3)).unwrap();
        let step = |t| {
            vector.step(Actions::Discrete(&actions(t, 37))).unwrap();
            (vector.observations().to_owned(), vector.rewards().to_vec(), vector.terminated().to_vec())
        };
        (0..300).map(step).collect::<Vec<_>>()
    };
    let serial = run(1);
    for threads in [0, 2, 3, 8, 100] {
        assert!(run(threads) == serial, "{threads} threads differ");
    }
}

#[test]
fn the_parts_of_a_split_vector_do_what_the_whole_does() {
    let (mut whole, mut parts) = (cart_poles(37, 1), cart_poles(37, 2).split());
    assert_eq!(parts.iter().map(VecEnv::num_envs).collect::<Vec<_>>(), [16, 21]);
    whole.reset(&Seed::from(3)).unwrap();
    parts[0].reset(&Seed::from(3)).unwrap();
    parts[1].reset(&Seed::from(3 + 16)).unwrap();
    for t in 0..300 {
        let actions = actions(t, 37);
        whole.step(Actions::Discrete(&actions)).unwrap();
        parts[0].step(Actions::Discrete(&actions[..16])).unwrap();
        parts[1].step(Actions::Discrete(&actions[16..])).unwrap();
        let rows: Vec<f32> =
            parts.iter().flat_map(|part| part.observations().iter().copied().collect::<Vec<_>>()).collect();
        assert_eq!(whole.observations().as_slice().unwrap(), rows);
        assert_eq!(whole.terminated(), [parts[0].terminated(), parts[1].terminated()].concat());
    }
}

#[test]
fn an_ended_episode_leaves_its_last_observation_and_statistics_and_a_new_one_begins() {
    let mut vector = VecEnv::new(vec![Counter::new(2).boxed(), Counter::new(3).boxed()], 1).unwrap();
    vector.reset(&Seed::from(0)).unwrap();
    let step = |vector: &mut VecEnv<f64>| {
        vector.step(Actions::Discrete(&[1, 2])).unwrap();
        vector.observations().as_slice().unwrap().to_vec()
    };
    assert_eq!(step(&mut vector), [1.0, 1.0, 1.0, 1.0]);
    assert_eq!(vector.infos()[0].lives, None);
    assert_eq!(step(&mut vector), [0.0, 0.0, 2.0, 2.0]);
    assert_eq!(vector.terminated(), [true, false]);
    assert_eq!(vector.final_observations().as_slice().unwrap()[..2], [2.0, 2.0]);
    assert_eq!(vector.infos()[0].lives, Some(9), "after an end, the info is the new episode's");
    assert_eq!(vector.final_infos()[0].lives, None);
    let episode = vector.episodes()[0].unwrap();
    assert_eq!((episode.episode_return, episode.length), (2.0, 2));
    assert_eq!(vector.episodes()[1], None);
    assert_eq!(step(&mut vector), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(vector.terminated(), [false, true]);
    assert_eq!(vector.episodes()[1].unwrap().episode_return, 6.0);
    assert_eq!(vector.rewards(), [1.0, 2.0]);
}

#[test]
fn with_next_step_autoreset_the_step_after_an_end_begins_the_new_episode() {
    let envs = vec![Counter::new(2).boxed(), Counter::new(9).boxed()];
    let mut vector = VecEnv::new(envs, 1).unwrap().with_autoreset(Autoreset::NextStep);
    vector.reset(&Seed::from(0)).unwrap();
    vector.step(Actions::Discrete(&[1; 2])).unwrap();
    vector.step(Actions::Discrete(&[1; 2])).unwrap();
    assert_eq!(vector.observations().as_slice().unwrap(), [2.0; 4]);
    assert_eq!((vector.terminated()[0], vector.episodes()[0].unwrap().length), (true, 2));
    vector.step(Actions::Discrete(&[1; 2])).unwrap();
    assert_eq!(vector.observations().as_slice().unwrap(), [0.0, 0.0, 3.0, 3.0]);
    assert_eq!((vector.rewards()[0], vector.terminated()[0], vector.episodes()[0]), (0.0, false, None));
    assert_eq!(vector.infos()[0].lives, Some(9));
}

#[test]
fn without_autoreset_an_ended_environment_waits_for_its_reset() {
    let envs = vec![Counter::new(9).boxed(), Counter::new(1).boxed()];
    let mut vector = VecEnv::new(envs, 1).unwrap().with_autoreset(Autoreset::Disabled);
    vector.reset(&Seed::from(0)).unwrap();
    vector.step(Actions::Discrete(&[1; 2])).unwrap();
    assert_eq!(vector.terminated(), [false, true]);
    let mut state = Vec::new();
    vector.save(&mut state).unwrap();
    let refused = Error::InVector { index: 1, source: Box::new(Error::EpisodeEnded) };
    assert_eq!(vector.step(Actions::Discrete(&[1; 2])), Err(refused.clone()));
    vector.reset_where(&[false, true], Seeds::Continue).unwrap();
    assert_eq!(
        vector.observations().as_slice().unwrap(),
        [1.0, 1.0, 0.0, 0.0],
        "only the mask's environment begins anew"
    );
    vector.step(Actions::Discrete(&[1; 2])).unwrap();
    vector.restore(&mut state.as_slice()).unwrap();
    assert_eq!(vector.step(Actions::Discrete(&[1; 2])), Err(refused), "a saved state knows of the end");
}

#[test]
fn each_environment_can_get_its_own_seed() {
    let mut vector = cart_poles(2, 1);
    let seeds = ["7", "18446744073709551617"].map(|seed| seed.parse().unwrap());
    vector.reset_where(&[true; 2], Seeds::Each(&seeds)).unwrap();
    let mut row = [0f32; 4];
    for (i, seed) in seeds.iter().enumerate() {
        CartPole::new().reset(Some(seed), &mut row).unwrap();
        assert_eq!(vector.observations().as_slice().unwrap()[i * 4..][..4], row);
    }
    vector.reset_where(&[false, true], Seeds::From(&Seed::from(6))).unwrap();
    CartPole::new().reset(Some(&seeds[0]), &mut row).unwrap();
    assert_eq!(vector.observations().as_slice().unwrap(), [row, row].as_flattened(), "index 1 gets seed 6 + 1");
    let error = vector.reset_where(&[true; 2], Seeds::Each(&seeds[..1])).unwrap_err();
    assert_eq!(error.to_string(), "the list of seeds has 1 elements: expected 2");
    let error = vector.reset_where(&[true; 3], Seeds::Continue).unwrap_err();
    assert_eq!(error.to_string(), "the mask has 3 elements: expected 2");
}

#[test]
fn a_step_allocates_nothing() {
    let singles = (0..64).map(|_| envs::make("CartPole-v1").unwrap().typed().unwrap()).collect();
    for mut vector in [cart_poles(64, 1), VecEnv::new(singles, 1).unwrap()] {
        vector.reset(&Seed::from(1)).unwrap();
        let actions: Vec<_> = (0..500).map(|t| actions(t, 64)).collect();
        let mut buffer = vec![0f32; 64 * 4];
        let mut ends = 0;
        let before = ALLOCATIONS.get();
        for actions in &actions {
            vector.step(Actions::Discrete(actions)).unwrap();
            vector.step_into(Actions::Discrete(actions), &mut buffer).unwrap();
            ends += vector.terminated().iter().filter(|&&end| end).count();
            assert_eq!(vector.observations().len(), 256);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0);
        assert!(ends > 500, "resets must be among what was counted");
    }
}

#[cfg(feature = "atari")]
#[test]
fn a_step_of_pong_with_its_preprocessing_allocates_nothing() {
    use envs::atari::{Atari, AtariConfig, ObsType};
    use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};

    let config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id("Pong").unwrap() };
    let env = || {
        let pong = Atari::new(&config).unwrap();
        let differences = FrameDifference::new(pong, FrameFormat::Palette, &DifferenceConfig::default()).unwrap();
        Box::new(TimeLimit::new(differences, Some(20))) as BoxEnv<i8>
    };
    let mut vector = VecEnv::new(vec![env(), env()], 1).unwrap();
    vector.reset(&Seed::from(1)).unwrap();
    // Code that turns out to be hot is translated once.
    for _ in 0..600 {
        vector.step(Actions::Discrete(&[2, 3])).unwrap();
    }
    let before = ALLOCATIONS.get();
    let mut ends = 0;
    for _ in 0..50 {
        vector.step(Actions::Discrete(&[2, 3])).unwrap();
        ends += vector.truncated().iter().filter(|&&end| end).count();
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(ends >= 4, "resets must be among what was counted");
}

#[test]
fn observations_go_into_the_callers_buffer_if_it_wants_them_there() {
    let (mut own, mut into) = (cart_poles(3, 1), cart_poles(3, 1));
    let mut buffer = [0f32; 12];
    own.reset(&Seed::from(5)).unwrap();
    into.reset_into(&Seed::from(5), &mut buffer).unwrap();
    assert_eq!(own.observations().as_slice().unwrap(), buffer);
    own.step(Actions::Discrete(&[0, 1, 0])).unwrap();
    into.step_into(Actions::Discrete(&[0, 1, 0]), &mut buffer).unwrap();
    assert_eq!(own.observations().as_slice().unwrap(), buffer);
    let error = into.step_into(Actions::Discrete(&[0, 1, 0]), &mut buffer[1..]).unwrap_err();
    assert_eq!(error.to_string(), "the buffer for observations has 11 elements: expected 12");
}

#[test]
fn observations_are_kept_where_they_are_copied_too() {
    for threads in [1, 2] {
        let [mut own, mut copying] = [(); 2].map(|()| VecEnv::<f32>::make("CartPole-v1", 19, threads).unwrap());
        for vector in [&mut own, &mut copying] {
            vector.reset(&Seed::from(5)).unwrap();
        }
        let mut copy = vec![std::mem::MaybeUninit::new(9.0); 19 * 4];
        own.step(Actions::Discrete(&[1; 19])).unwrap();
        copying.step_with_copy(Actions::Discrete(&[1; 19]), &mut copy).unwrap();
        assert_eq!(own.observations(), copying.observations());
        #[allow(unsafe_code, reason = "all of it was written before it was given")]
        let copied: Vec<f32> = copy.iter().map(|number| unsafe { number.assume_init() }).collect();
        assert_eq!(copied, own.observations().as_slice().unwrap());
        assert!(copying.step_with_copy(Actions::Discrete(&[1; 19]), &mut copy[1..]).is_err());
    }
}

#[test]
fn a_vector_knows_whether_its_environments_tell_anything() {
    assert!(!VecEnv::<f32>::make("CartPole-v1", 3, 1).unwrap().tells_infos());
    assert!(VecEnv::<f64>::make("InvertedPendulum-v5", 3, 1).unwrap().tells_infos());
    assert!(VecEnv::new(vec![Counter::new(9).boxed()], 1).unwrap().tells_infos());
}

#[test]
fn a_panic_stays_in_its_environment() {
    for threads in [1, 2] {
        let envs = vec![Counter::new(9).boxed(), Counter::failing(9, 1, true).boxed(), Counter::new(9).boxed()];
        let mut vector = VecEnv::new(envs, threads).unwrap();
        vector.reset(&Seed::from(0)).unwrap();
        vector.step(Actions::Discrete(&[1; 3])).unwrap();
        let error = vector.step(Actions::Discrete(&[1; 3])).unwrap_err();
        let message = "the counter broke at 1".into();
        assert_eq!(error, Error::Panicked { index: 1, message });
        assert_eq!(vector.observations().as_slice().unwrap()[4..], [2.0, 2.0], "the others have stepped");
        let error = vector.step(Actions::Discrete(&[1; 3])).unwrap_err();
        assert_eq!(error, Error::InVector { index: 1, source: Box::new(Error::ResetNeeded) });
        vector.reset(&Seed::from(0)).unwrap();
        vector.step(Actions::Discrete(&[1; 3])).unwrap();
        assert_eq!(vector.observations().as_slice().unwrap(), [1.0; 6]);
    }
}

#[test]
fn an_error_names_the_environment_and_the_lowest_index_wins() {
    for threads in [1, 2] {
        let failing = |at| Counter::failing(9, at, false).boxed();
        let mut vector = VecEnv::new(vec![Counter::new(9).boxed(), failing(0), failing(0)], threads).unwrap();
        let error = vector.step(Actions::Discrete(&[0; 3])).unwrap_err();
        assert_eq!(error, Error::InVector { index: 0, source: Box::new(Error::ResetNeeded) });
        vector.reset(&Seed::from(0)).unwrap();
        let error = vector.step(Actions::Discrete(&[0; 3])).unwrap_err();
        let message = "environment 1 of the vector: this saved state cannot be restored: the counter refuses";
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn actions_that_do_not_fit_are_refused_and_nothing_moves() {
    let mut vector = cart_poles(3, 1);
    vector.reset(&Seed::from(2)).unwrap();
    let mut before = Vec::new();
    vector.save(&mut before).unwrap();
    let one_number = ndarray::arr2(&[[0.5], [0.5], [0.5]]);
    for (actions, message) in [
        (Actions::Discrete(&[0, 1]), "the vector of actions has 2 elements: expected 3"),
        (
            Actions::Discrete(&[0, 1, 2]),
            "environment 2 of the vector: action 2 is not in the action space: expected a whole number from 0 to 1",
        ),
        (
            Actions::Continuous(one_number.view()),
            "action of 1 numbers is not in the action space: expected a whole number from 0 to 1",
        ),
    ] {
        assert_eq!(vector.step(actions).unwrap_err().to_string(), message);
    }
    let mut after = Vec::new();
    vector.save(&mut after).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_restored_vector_goes_on_as_the_saved_one() {
    let mut vector = cart_poles(4, 1);
    vector.reset(&Seed::from(11)).unwrap();
    for t in 0..15 {
        vector.step(Actions::Discrete(&actions(t, 4))).unwrap();
    }
    let mut state = Vec::new();
    vector.save(&mut state).unwrap();
    let mut other = cart_poles(4, 2);
    let mut rest = state.as_slice();
    other.restore(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(other.observations(), vector.observations());
    for t in 15..200 {
        vector.step(Actions::Discrete(&actions(t, 4))).unwrap();
        other.step(Actions::Discrete(&actions(t, 4))).unwrap();
        assert_eq!(other.observations(), vector.observations());
        assert_eq!(other.rewards(), vector.rewards());
    }
}

#[test]
fn a_damaged_state_is_refused_and_the_environments_go_on() {
    let mut vector = cart_poles(4, 1);
    vector.reset(&Seed::from(11)).unwrap();
    let mut state = Vec::new();
    vector.save(&mut state).unwrap();
    vector.step(Actions::Discrete(&[0, 1, 0, 1])).unwrap();
    let mut before = Vec::new();
    vector.save(&mut before).unwrap();
    for length in 0..state.len() {
        assert!(vector.restore(&mut &state[..length]).is_err(), "{length} bytes were enough");
    }
    let mut three = Vec::new();
    let mut other = cart_poles(3, 1);
    other.reset(&Seed::from(11)).unwrap();
    other.save(&mut three).unwrap();
    let error = vector.restore(&mut three.as_slice()).unwrap_err();
    assert_eq!(error.to_string(), "this saved state cannot be restored: it holds 3 environments, not 4");
    let mut after = Vec::new();
    vector.save(&mut after).unwrap();
    assert_eq!(before, after);
}

#[test]
fn environments_of_different_spaces_do_not_go_together() {
    let error = VecEnv::<f32>::new(Vec::new(), 1).unwrap_err();
    assert_eq!(error.to_string(), "num_envs = 0 is not possible: expected at least one environment");
    let error = VecEnv::<f64>::make("CartPole-v1", 1, 1).unwrap_err();
    assert_eq!(error.to_string(), "the observations are float32: expected float64");
    let mut wide = Counter::new(1);
    wide.space = Space::boxed(&[3], envs::DType::F64, 0.0, f64::INFINITY);
    let error = VecEnv::new(vec![Counter::new(1).boxed(), wide.boxed()], 1).unwrap_err();
    assert!(error.to_string().starts_with("environment 1 of the vector: observation_space = Box"), "{error}");
}

#[test]
fn a_picture_is_of_the_environment_that_was_asked_for() {
    let mut vector = VecEnv::<f32>::new(vec![Box::new(CartPole::new()), Box::new(CartPole::new())], 1).unwrap();
    let error = vector.render(1).unwrap_err();
    assert_eq!(error, Error::InVector { index: 1, source: Box::new(Error::ResetNeeded) });
    vector.reset(&Seed::from(0)).unwrap();
    assert_eq!(vector.render(1).unwrap().dimensions(), (600, 400));
    let error = vector.render(2).unwrap_err();
    assert_eq!(error.to_string(), "index = 2 is not possible: expected an environment from 0 to 1");
}
