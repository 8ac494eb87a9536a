//! The contract of [`Env`], as a test that runs on any environment.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Action, Bounds, BoxSpace, Discrete, Element, Env, Error, Info, NumpyRng, Sample, Seed, Space, Step};

/// Steps of a comparison, and the most steps that an end is waited for.
const STEPS: usize = 25;
const LONGEST_EPISODE: usize = 1_000;

/// What [`Env`] promises, rule by rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The constructor makes an environment.
    #[error("the constructor makes an environment")]
    Made,
    /// Neither space is empty, its bounds are in order, and observations have the type that their space names.
    #[error("both spaces are possible and the observation space has the type of the observations")]
    Spaces,
    /// `step`, `render` and `save` before the first reset are [`Error::ResetNeeded`].
    #[error("step, render and save before the first reset are ResetNeeded")]
    ResetFirst,
    /// `reset` takes seeds of any size and none, and `step` every action of the action space.
    #[error("reset takes any seed and step any action of the action space")]
    Accepts,
    /// Observations lie in the observation space until the episode ends; rewards are numbers.
    #[error("observations lie in their space until the episode ends, and rewards are numbers")]
    Answers,
    /// Equal seeds and equal actions give equal answers, in a row that may have held anything.
    #[error("the same seed and actions give the same answers, in every element of the row")]
    Deterministic,
    /// Actions outside the space's kind and rows of another length are typed errors that change nothing.
    #[error("an impossible action or row is a typed error and changes nothing")]
    Refuses,
    /// After an end, `step` goes on.
    #[error("step goes on after an end")]
    AfterEnd,
    /// `render` gives a picture and `save` bytes; neither changes the state.
    #[error("render and save work at any time and change nothing")]
    OnlyLooks,
    /// An environment made alike goes on exactly from a saved state.
    #[error("an environment made alike goes on exactly from a saved state")]
    Restores,
    /// Bytes that `save` did not write are [`Error::BadState`] and change nothing.
    #[error("bytes that save did not write are BadState and change nothing")]
    BadState,
    /// No call panics.
    #[error("no call panics")]
    NoPanic,
}

/// A promise of [`Env`] that an environment breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken rule: {rule}. Found: {found}")]
pub struct Violation {
    /// The promise.
    pub rule: Rule,
    /// What the environment did instead.
    pub found: String,
}

/// Checks that the environments which `make` makes keep every promise of [`Env`]: run it in a test of your own.
///
/// Several environments are made alike and played with random actions: out of order, past the end of an episode, with
/// impossible actions, rows and saved states, and from states saved on the way. It takes a few thousand steps.
///
/// ```
/// use envs::{CartPole, TimeLimit, check_env};
/// check_env(|| Ok(CartPole::new()))?;
/// check_env(|| Ok(TimeLimit::new(CartPole::new(), Some(20))))?;
/// check_env(|| envs::make("InvertedPendulum")?.typed::<f64>())?;
/// # Ok::<(), envs::Violation>(())
/// ```
///
/// # Errors
/// The first [`Violation`] found.
pub fn check_env<E: Env>(make: impl Fn() -> Result<E, Error>) -> Result<(), Violation> {
    let make = || make().or_else(|error| broken(Rule::Made, error));
    let check = || {
        let fresh = make()?;
        spaces(&fresh)?;
        let fresh = &mut Player::new(fresh, 0x00);
        before_the_first_reset(fresh)?;
        // What the bytes of a row were before must not matter: the twins differ in it.
        let (player, twin) = (&mut Player::new(make()?, 0x00), &mut Player::new(make()?, 0x01));
        plays(player)?;
        deterministic(player, twin)?;
        refuses(player, twin)?;
        strange_numbers(player)?;
        after_an_end(player)?;
        only_looks(player, twin)?;
        bad_states(player, twin, fresh)?;
        restores(player, fresh)
    };
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        broken(Rule::NoPanic, text.or(panic.downcast_ref().copied()).unwrap_or("a panic without a message"))
    })
}

fn broken<T>(rule: Rule, found: impl ToString) -> Result<T, Violation> {
    Err(Violation { rule, found: found.to_string() })
}

fn require(kept: bool, rule: Rule, found: impl FnOnce() -> String) -> Result<(), Violation> {
    if kept { Ok(()) } else { broken(rule, found()) }
}

/// An environment, its row, and its own stream of random actions: two of them made alike do the same.
struct Player<E: Env> {
    env: E,
    row: Vec<E::Obs>,
    /// What the bytes of the row are before every call.
    fill: u8,
    actions: NumpyRng,
    ended: bool,
}

/// What a call gave; of the observation a checksum.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answer {
    observation: u32,
    reward: u64,
    ends: [bool; 2],
    info: Info,
}

impl<E: Env> Player<E> {
    fn new(env: E, fill: u8) -> Self {
        let row = vec![E::Obs::default(); env.observation_space().size()];
        Self { env, row, fill, actions: NumpyRng::new(&Seed::from(0)), ended: false }
    }

    /// Resets with this seed and begins its actions anew.
    fn start(&mut self, seed: u64) -> Result<(), Violation> {
        self.actions = NumpyRng::new(&Seed::from(0));
        self.reset(Some(&Seed::from(seed))).map(drop)
    }

    fn reset(&mut self, seed: Option<&Seed>) -> Result<Answer, Violation> {
        bytemuck::cast_slice_mut(&mut self.row).fill(self.fill);
        match self.env.reset(seed, &mut self.row) {
            Ok(info) => {
                self.ended = false;
                self.answer(Step { info, ..Step::default() })
            }
            Err(error) => broken(Rule::Accepts, format!("reset({seed:?}): {error}")),
        }
    }

    /// A random step, whether the episode has ended or not.
    fn step(&mut self) -> Result<Answer, Violation> {
        bytemuck::cast_slice_mut(&mut self.row).fill(self.fill);
        let action = self.env.action_space().sample(&mut self.actions);
        match self.env.step(action.as_action(), &mut self.row) {
            Ok(step) => self.answer(step),
            Err(error) => broken(Rule::Accepts, format!("step({}): {error}", action.as_action())),
        }
    }

    /// A random step, or a reset without a seed after an end.
    fn go_on(&mut self) -> Result<Answer, Violation> {
        if self.ended { self.reset(None) } else { self.step() }
    }

    fn answer(&mut self, step: Step) -> Result<Answer, Violation> {
        let space = self.env.observation_space();
        require(self.ended || holds(space, &self.row), Rule::Answers, || match self.row.len() {
            ..20 => format!("the observation {:?}, expected {space:?}", self.row),
            length => format!("an observation of {length} elements that is not in its space"),
        })?;
        require(!step.reward.is_nan(), Rule::Answers, || "a reward that is NaN".into())?;
        self.ended |= step.done();
        Ok(Answer {
            observation: crc32fast::hash(bytemuck::cast_slice(&self.row)),
            reward: step.reward.to_bits(),
            ends: [step.terminated, step.truncated],
            info: step.info,
        })
    }

    fn save(&self) -> Result<Vec<u8>, Violation> {
        let mut state = Vec::new();
        match self.env.save(&mut state) {
            Ok(()) => Ok(state),
            Err(error) => broken(Rule::OnlyLooks, format!("save: {error}")),
        }
    }
}

fn holds<T: Element>(space: &Space, row: &[T]) -> bool {
    let inside = |(i, value): (usize, &T), space: &BoxSpace| {
        let (low, high) = space.bounds_of(i);
        (low..=high).contains(&value.to_f64())
    };
    match space {
        Space::Discrete(space) => row.iter().all(|value| space.contains(value.to_f64() as i64)),
        Space::Box(space) => row.iter().enumerate().all(|element| inside(element, space)),
    }
}

/// Starts both from the same seed.
fn start<E: Env>(a: &mut Player<E>, b: &mut Player<E>, seed: u64) -> Result<(), Violation> {
    a.start(seed)?;
    b.start(seed)
}

/// Plays both for some steps and compares every answer.
fn same<E: Env>(a: &mut Player<E>, b: &mut Player<E>, rule: Rule) -> Result<(), Violation> {
    let go_on = |player: &mut Player<E>| player.go_on().map_err(|violation| Violation { rule, ..violation });
    for step in 0..STEPS {
        let answers = (go_on(a)?, go_on(b)?);
        require(answers.0 == answers.1, rule, || format!("{} steps on: {:?} and {:?}", step, answers.0, answers.1))?;
    }
    Ok(())
}

fn spaces<E: Env>(env: &E) -> Result<(), Violation> {
    for (name, space) in [("action", env.action_space()), ("observation", env.observation_space())] {
        let possible = match space {
            Space::Discrete(Discrete { n, start }) => *n >= 1 && start.checked_add(n - 1).is_some(),
            Space::Box(BoxSpace { bounds: Bounds::Same(low, high), .. }) => low <= high && space.size() > 0,
            Space::Box(BoxSpace { bounds: Bounds::Each(each), .. }) => {
                !each.is_empty() && each.len() == space.size() && each.iter().all(|(low, high)| low <= high)
            }
        };
        require(possible, Rule::Spaces, || format!("the {name} space {space:?}"))?;
    }
    require(env.render_fps() > 0, Rule::Spaces, || "0 pictures a second".into())?;
    match env.observation_space() {
        Space::Box(space) => require(space.dtype == E::Obs::DTYPE, Rule::Spaces, || {
            format!("observations of {} in a space of {}", E::Obs::DTYPE, space.dtype)
        }),
        Space::Discrete(_) => Ok(()),
    }
}

fn before_the_first_reset<E: Env>(fresh: &mut Player<E>) -> Result<(), Violation> {
    let Player { env, row, actions, .. } = fresh;
    let early = |what: &str, result: Result<(), Error>| {
        require(result == Err(Error::ResetNeeded), Rule::ResetFirst, || format!("{what} gave {result:?}"))
    };
    let action = env.action_space().sample(actions);
    early("step", env.step(action.as_action(), row).map(drop))?;
    early("render", env.render().map(drop))?;
    early("save", env.save(&mut Vec::new()))?;
    for length in other_lengths(row.len()) {
        let result = env.reset(None, &mut vec![E::Obs::default(); length]);
        let refused = matches!(result, Err(Error::WrongLength { .. }));
        require(refused, Rule::Refuses, || format!("reset into a row of {length} gave {result:?}"))?;
    }
    early("step after a refused reset", env.step(action.as_action(), row).map(drop))
}

/// Lengths that a row or an action of length `size` does not have.
fn other_lengths(size: usize) -> impl Iterator<Item = usize> {
    [0, size - 1, size + 1].into_iter().filter(move |length| *length != size)
}

fn plays<E: Env>(player: &mut Player<E>) -> Result<(), Violation> {
    for seed in [Some(0), Some(u64::MAX), None] {
        player.reset(seed.map(Seed::from).as_ref())?;
        (0..STEPS).try_for_each(|_| player.go_on().map(drop))?;
    }
    Ok(())
}

fn deterministic<E: Env>(a: &mut Player<E>, b: &mut Player<E>) -> Result<(), Violation> {
    for seed in [Seed::from(0), Seed::from(u64::MAX), Seed::from(u64::MAX).offset(2)] {
        b.actions = a.actions.clone();
        let starts = (a.reset(Some(&seed))?, b.reset(Some(&seed))?);
        require(starts.0 == starts.1, Rule::Deterministic, || format!("two starts from the seed {seed}"))?;
        same(a, b, Rule::Deterministic)?;
        b.step()?; // The two are apart now: the next seed must bring them together.
        b.reset(None)?;
    }
    Ok(())
}

fn refuses<E: Env>(disturbed: &mut Player<E>, twin: &mut Player<E>) -> Result<(), Violation> {
    start(disturbed, twin, 1)?;
    for _ in 0..3 {
        for action in impossible_actions(disturbed.env.action_space()) {
            let result = disturbed.env.step(action.as_action(), &mut disturbed.row);
            let refused = matches!(result, Err(Error::InvalidAction { .. }));
            require(refused, Rule::Refuses, || format!("step({}) gave {result:?}", action.as_action()))?;
        }
        let action = disturbed.env.action_space().sample(&mut disturbed.actions.clone());
        for length in other_lengths(disturbed.row.len()) {
            let result = disturbed.env.step(action.as_action(), &mut vec![E::Obs::default(); length]);
            let refused = matches!(result, Err(Error::WrongLength { .. }));
            require(refused, Rule::Refuses, || format!("step into a row of {length} gave {result:?}"))?;
            let refused = disturbed.env.reset(None, &mut vec![E::Obs::default(); length]).is_err();
            require(refused, Rule::Refuses, || format!("reset into a row of {length} was taken"))?;
        }
        same(disturbed, twin, Rule::Refuses)?;
    }
    Ok(())
}

/// Actions of the wrong kind, the wrong length, or beyond a discrete space.
fn impossible_actions(space: &Space) -> Vec<Sample> {
    match space {
        Space::Discrete(Discrete { n, start }) => {
            let beyond = [start.checked_sub(1), start.checked_add(*n), Some(i64::MIN), Some(i64::MAX)];
            let outside = beyond.into_iter().flatten().filter(|value| !space.contains(Action::Discrete(*value)));
            let arrays = [vec![], vec![0.0], vec![f64::NAN; 3]].map(Sample::Box);
            outside.map(Sample::Discrete).chain(arrays).collect()
        }
        Space::Box(_) => {
            let arrays = other_lengths(space.size()).map(|length| Sample::Box(vec![0.0; length]));
            arrays.chain([0, 1, i64::MIN, i64::MAX].map(Sample::Discrete)).collect()
        }
    }
}

/// Numbers that no one would pass on purpose are taken or refused, but do not panic.
fn strange_numbers<E: Env>(player: &mut Player<E>) -> Result<(), Violation> {
    player.start(2)?;
    if let Space::Box(_) = player.env.action_space() {
        let size = player.env.action_space().size();
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1e300, f64::MIN_POSITIVE, -0.0] {
            let result = player.env.step(Action::Continuous(&vec![number; size]), &mut player.row);
            let fine = matches!(result, Ok(_) | Err(Error::InvalidAction { .. }));
            require(fine, Rule::Refuses, || format!("step with {number} gave {result:?}"))?;
        }
        player.reset(None)?;
        player.step()?;
    }
    Ok(())
}

fn after_an_end<E: Env>(player: &mut Player<E>) -> Result<(), Violation> {
    player.start(3)?;
    for _ in 0..LONGEST_EPISODE {
        player.step()?;
        if player.ended {
            (0..5)
                .try_for_each(|_| player.step().map(drop))
                .map_err(|violation| Violation { rule: Rule::AfterEnd, ..violation })?;
            return player.reset(None).map(drop);
        }
    }
    Ok(()) // Not every environment ends.
}

fn only_looks<E: Env>(watched: &mut Player<E>, twin: &mut Player<E>) -> Result<(), Violation> {
    start(watched, twin, 4)?;
    for _ in 0..3 {
        match (watched.env.render(), watched.env.render()) {
            (Ok(first), Ok(second)) => {
                require(!first.is_empty(), Rule::OnlyLooks, || "an empty picture".into())?;
                require(first == second, Rule::OnlyLooks, || "two pictures of one state that differ".into())?;
            }
            (first, _) => return broken(Rule::OnlyLooks, format!("render: {:?}", first.map(drop))),
        }
        let mut state = b"before".to_vec();
        let kept = watched.env.save(&mut state).is_ok() && state.starts_with(b"before");
        require(kept, Rule::OnlyLooks, || "save did not append to the state it was given".into())?;
        same(watched, twin, Rule::OnlyLooks)?;
    }
    Ok(())
}

fn restores<E: Env>(original: &mut Player<E>, other: &mut Player<E>) -> Result<(), Violation> {
    original.start(5)?;
    for _ in 0..3 {
        (0..7).try_for_each(|_| original.go_on().map(drop))?;
        let saved = Saved { state: original.save()?, actions: original.actions.clone(), ended: original.ended };
        other.go_back_to(&saved)?;
        same(other, original, Rule::Restores)?;
        original.go_back_to(&saved)?; // from the state that it reached meanwhile
        other.go_back_to(&saved)?;
        same(other, original, Rule::Restores)?;
    }
    Ok(())
}

/// A player's state.
struct Saved {
    state: Vec<u8>,
    actions: NumpyRng,
    ended: bool,
}

impl<E: Env> Player<E> {
    /// Restores a state that other bytes follow.
    fn go_back_to(&mut self, saved: &Saved) -> Result<(), Violation> {
        let after = b"after";
        let all = [&saved.state[..], after].concat();
        let mut rest = &all[..];
        if let Err(error) = self.env.restore(&mut rest) {
            return broken(Rule::Restores, format!("restore: {error}"));
        }
        require(rest == after, Rule::Restores, || {
            format!("restore left {} bytes where {} follow the state", rest.len(), after.len())
        })?;
        (self.actions, self.ended) = (saved.actions.clone(), saved.ended);
        Ok(())
    }
}

fn bad_states<E: Env>(disturbed: &mut Player<E>, twin: &mut Player<E>, fresh: &mut Player<E>) -> Result<(), Violation> {
    start(disturbed, twin, 6)?;
    let state = disturbed.save()?;
    for (what, bytes) in damaged(&state) {
        for env in [&mut disturbed.env, &mut fresh.env] {
            let result = env.restore(&mut &bytes[..]);
            let refused = matches!(result, Err(Error::BadState { .. }));
            require(refused, Rule::BadState, || format!("restore of {what} gave {result:?}"))?;
        }
    }
    before_the_first_reset(fresh).map_err(|violation| Violation { rule: Rule::BadState, ..violation })?;
    same(disturbed, twin, Rule::BadState)
}

/// States that `save` did not write, made of one that it did.
fn damaged(state: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let length = state.len();
    let cuts = [0, 1, length / 2, length - 1].into_iter().filter(move |cut| *cut < length);
    let cut = cuts.map(move |cut| (format!("the first {cut} of {length} bytes"), state[..cut].to_vec()));
    let flipped = (0..8).map(move |part| {
        let (place, mut bytes) = (part * length / 8, state.to_vec());
        bytes[place] ^= 0x10;
        (format!("a state with one bit wrong in byte {place}"), bytes)
    });
    let constant = [0x00, 0xff].map(|byte| (format!("{length} bytes of {byte:#x}"), vec![byte; length]));
    cut.chain(flipped).chain(constant)
}
