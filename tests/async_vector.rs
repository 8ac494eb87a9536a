//! What asynchronous batches promise.

use std::sync::{Arc, Mutex};

use envs::{
    Action, Actions, AsyncVecEnv, Autoreset, BoxEnv, DType, Env, Error, Info, Order, Seed, Seeds, Space, Step,
    TimeLimit, VecEnv,
};
use image::RgbImage;

/// Counts its steps, each of which waits until the gate is free, and panics where told to.
struct Counter {
    count: u64,
    gate: Arc<Mutex<()>>,
    panic_at: Option<u64>,
    space: Space,
}

impl Counter {
    fn boxed(gate: &Arc<Mutex<()>>, panic_at: Option<u64>) -> BoxEnv<f64> {
        let space = Space::boxed(&[1], DType::F64, 0.0, f64::INFINITY);
        Box::new(TimeLimit::new(Self { count: 0, gate: gate.clone(), panic_at, space }, None))
    }
}

impl Env for Counter {
    type Obs = f64;

    fn observation_space(&self) -> &Space {
        &self.space
    }

    fn action_space(&self) -> &Space {
        static SPACE: Space = Space::discrete(10);
        &SPACE
    }

    fn reset(&mut self, _seed: Option<&Seed>, observation: &mut [f64]) -> Result<Info, Error> {
        self.count = 0;
        observation.fill(0.0);
        Ok(Info::default())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f64]) -> Result<Step, Error> {
        drop(self.gate.lock().unwrap());
        assert_ne!(self.panic_at, Some(self.count), "told to panic");
        self.count += 1;
        observation.fill(self.count as f64);
        let Action::Discrete(action) = action else { unreachable!() };
        Ok(Step { reward: action as f64, ..Step::default() })
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

#[test]
fn an_ended_episode_begins_anew_in_the_next_step_where_that_is_asked_for() {
    let envs = vec![envs::make("CartPole-v1").unwrap().typed::<f32>().unwrap()];
    let mut envs = AsyncVecEnv::new(envs, 1, 1).unwrap().with_autoreset(Autoreset::NextStep);
    let mut single = VecEnv::<f32>::make("CartPole-v1", 1, 1).unwrap().with_autoreset(Autoreset::NextStep);
    envs.reset(&Seed::from(7)).unwrap();
    envs.recv().unwrap();
    single.reset(&Seed::from(7)).unwrap();
    for _ in 0..60 {
        envs.send(Actions::Discrete(&[1]), &[0]).unwrap();
        envs.recv().unwrap();
        single.step(Actions::Discrete(&[1])).unwrap();
        assert_eq!(envs.observations(), single.observations());
        assert_eq!((envs.rewards(), envs.terminated()), (single.rewards(), single.terminated()));
    }
}

#[test]
fn who_is_quick_does_not_wait_for_who_is_slow() {
    let (shut, open) = (Arc::default(), Arc::default());
    let envs = [&shut, &open, &open].map(|gate| Counter::boxed(gate, None)).into();
    let mut envs = AsyncVecEnv::new(envs, 1, 2).unwrap();
    envs.reset(&Seed::from(0)).unwrap();
    let mut idle: Vec<usize> = (0..3).map(|_| envs.recv().map(|()| envs.ids()[0]).unwrap()).collect();
    idle.sort_unstable();
    assert_eq!(idle, [0, 1, 2]);
    let guard = shut.lock().unwrap();
    envs.send(Actions::Discrete(&[7, 1, 2]), &[0, 1, 2]).unwrap();
    for step in 0..40 {
        envs.recv().unwrap();
        let id = envs.ids()[0];
        assert_ne!(id, 0, "the slow one came already at step {step}");
        assert_eq!(envs.rewards(), [id as f64]);
        envs.send(Actions::Discrete(&[id as i64]), &[id]).unwrap();
    }
    drop(guard);
    let mut last = [0, 0, 0].map(|_: i32| {
        envs.recv().unwrap();
        (envs.ids()[0], envs.rewards()[0])
    });
    last.sort_by_key(|(id, _)| *id);
    assert_eq!(last, [(0, 7.0), (1, 1.0), (2, 2.0)], "all three were still at work");
}

#[test]
fn in_the_order_sent_a_batch_of_all_is_the_synchronous_vector() {
    for threads in [1, 2, 3] {
        let mut theirs = VecEnv::<f32>::make("CartPole-v1", 6, 1).unwrap();
        let mut ours = AsyncVecEnv::<f32>::make("CartPole-v1", 6, 6, threads).unwrap().with_order(Order::Sent);
        theirs.reset(&Seed::from(9)).unwrap();
        ours.reset(&Seed::from(9)).unwrap();
        ours.recv().unwrap();
        let mut ends = 0;
        for t in 0..200 {
            assert_eq!(ours.ids(), [0, 1, 2, 3, 4, 5]);
            assert_eq!(ours.observations(), theirs.observations());
            let actions: Vec<i64> = (0..6).map(|i| (t * t / 3 + i * 5 + t * i / 2) % 2).collect();
            theirs.step(Actions::Discrete(&actions)).unwrap();
            ours.send(Actions::Discrete(&actions), &[0, 1, 2, 3, 4, 5]).unwrap();
            ours.recv().unwrap();
            assert_eq!((ours.rewards(), ours.terminated()), (theirs.rewards(), theirs.terminated()));
            for i in (0..6).filter(|&i| theirs.terminated()[i]) {
                ends += 1;
                let rows = [ours.final_observations(), theirs.final_observations()];
                assert_eq!(rows[0].as_slice().unwrap()[i * 4..][..4], rows[1].as_slice().unwrap()[i * 4..][..4]);
                assert_eq!(ours.episodes()[i].unwrap().length, theirs.episodes()[i].unwrap().length);
            }
        }
        assert!(ends > 20);
    }
}

#[test]
fn small_batches_in_the_order_sent_are_the_same_for_any_number_of_threads() {
    let run = |threads| {
        let mut envs = AsyncVecEnv::<f64>::make("InvertedPendulum-v5", 5, 2, threads).unwrap().with_order(Order::Sent);
        envs.reset(&Seed::from(4)).unwrap();
        let step = |t: usize| {
            envs.recv().unwrap();
            let ids = envs.ids().to_vec();
            let actions = ndarray::arr2(&[[0.1 * (t % 7) as f64], [-0.3]]);
            envs.send(Actions::Continuous(actions.view()), &ids).unwrap();
            (ids, envs.observations().to_owned())
        };
        (0..100).map(step).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_eq!(one[0].0, [0, 1]);
    assert_eq!(one[2].0, [4, 0]);
    assert!(run(2) == one && run(5) == one);
}

#[test]
fn what_cannot_be_sent_or_received_is_refused() {
    let mut envs = AsyncVecEnv::<f32>::make("CartPole-v1", 3, 2, 1).unwrap();
    let refused = |result: Result<(), Error>| result.unwrap_err().to_string();
    assert_eq!(refused(envs.recv()), "batch_size = 2 is not possible: expected at most the 0 at work");
    let error = envs.send(Actions::Discrete(&[0]), &[1]).unwrap_err();
    assert_eq!(error, Error::InVector { index: 1, source: Box::new(Error::ResetNeeded) });
    envs.reset(&Seed::from(0)).unwrap();
    let waiting = "expected environments that wait for an action, each of them once";
    assert_eq!(refused(envs.send(Actions::Discrete(&[0]), &[1])), format!("ids = 1 is not possible: {waiting}"));
    envs.recv().unwrap();
    let [first, second] = [envs.ids()[0], envs.ids()[1]];
    let twice = envs.send(Actions::Discrete(&[0, 1]), &[first, first]);
    assert_eq!(refused(twice), format!("ids = {first} is not possible: {waiting}"));
    assert_eq!(refused(envs.send(Actions::Discrete(&[0]), &[3])), format!("ids = 3 is not possible: {waiting}"));
    let wrong = envs.send(Actions::Discrete(&[0, 1]), &[first]);
    assert_eq!(refused(wrong), "the vector of actions has 2 elements: expected 1");
    assert!(envs.send(Actions::Discrete(&[0, 2]), &[first, second]).is_err(), "action 2 does not exist");
    envs.send(Actions::Discrete(&[0, 1]), &[first, second]).unwrap();
    envs.recv().unwrap();
    for batch_size in [0, 4] {
        let error = AsyncVecEnv::<f32>::make("CartPole-v1", 3, batch_size, 1).unwrap_err();
        let expected = format!("batch_size = {batch_size} is not possible: expected from 1 to the 3 environments");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_panic_comes_with_its_index_and_a_reset_mends_it() {
    let open = Arc::default();
    let envs = vec![Counter::boxed(&open, None), Counter::boxed(&open, Some(1))];
    let mut envs = AsyncVecEnv::new(envs, 2, 2).unwrap().with_order(Order::Sent);
    envs.reset(&Seed::from(0)).unwrap();
    envs.recv().unwrap();
    envs.send(Actions::Discrete(&[1, 1]), &[0, 1]).unwrap();
    envs.recv().unwrap();
    envs.send(Actions::Discrete(&[1, 1]), &[0, 1]).unwrap();
    let error = envs.recv().unwrap_err();
    assert!(matches!(error, Error::Panicked { index: 1, .. }), "{error}");
    assert_eq!(envs.observations().as_slice().unwrap()[0], 2.0, "the other one has stepped");
    let error = envs.send(Actions::Discrete(&[1, 1]), &[0, 1]).unwrap_err();
    assert_eq!(error, Error::InVector { index: 1, source: Box::new(Error::ResetNeeded) });
    envs.send_reset(&[1], Seeds::Continue).unwrap();
    envs.send(Actions::Discrete(&[1]), &[0]).unwrap();
    envs.recv().unwrap();
    assert_eq!(envs.ids(), [1, 0]);
    assert_eq!(envs.observations().as_slice().unwrap(), [0.0, 3.0]);
}

#[test]
fn a_reset_forgets_what_was_under_way() {
    let open = Arc::default();
    let mut envs = AsyncVecEnv::new(vec![Counter::boxed(&open, None), Counter::boxed(&open, None)], 2, 2).unwrap();
    envs.reset(&Seed::from(0)).unwrap();
    envs.recv().unwrap();
    envs.send(Actions::Discrete(&[1, 1]), &[0, 1]).unwrap();
    envs.reset(&Seed::from(0)).unwrap();
    envs.recv().unwrap();
    assert_eq!(envs.observations().as_slice().unwrap(), [0.0, 0.0]);
}

/// The first environment is slow; the second, which has finished, waits for its turn when turns are given up.
#[test]
fn results_that_waited_for_their_turn_come_when_there_are_none_any_more() {
    let (slow, fast) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let counters = vec![Counter::boxed(&slow, None), Counter::boxed(&fast, None)];
    let mut envs = AsyncVecEnv::new(counters, 1, 2).unwrap().with_order(Order::Sent);
    envs.reset(&Seed::from(0)).unwrap();
    let received = |envs: &mut AsyncVecEnv<f64>| {
        envs.recv().unwrap();
        envs.ids()[0]
    };
    assert_eq!([received(&mut envs), received(&mut envs)], [0, 1]);
    let gate = slow.lock().unwrap();
    envs.send(Actions::Discrete(&[1, 2]), &[0, 1]).unwrap();
    let opened = std::thread::scope(|scope| {
        let receiving = scope.spawn(|| received(&mut envs));
        std::thread::sleep(std::time::Duration::from_millis(100));
        drop(gate);
        receiving.join().unwrap()
    });
    assert_eq!(opened, 0);
    let mut envs = envs.with_order(Order::FirstFinished);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(received(&mut envs)));
    assert_eq!(told.recv_timeout(std::time::Duration::from_secs(60)), Ok(1));
}
