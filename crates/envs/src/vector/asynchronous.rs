//! Many environments, each of which steps on its own time.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, Sender, channel},
};

use ndarray::{ArrayViewD, IxDyn};
use rayon::ThreadPool;

use super::{
    Actions,
    actions::CheckedActions,
    checks::{check_length, check_spaces, in_vector},
    request::{Autoreset, Reset, Seeds},
    row::Row,
    rows::{Results, Status, answers},
    threads::Threads,
};
use crate::{Action, BoxEnv, Element, EpisodeStats, Error, Info, Seed, Space};

/// Environments of the same spaces of which those step on that are ready, while others are still at work: for
/// environments that are slow, or take steps of very different lengths.
///
/// [`send`](Self::send) gives actions to some environments, [`recv`](Self::recv) waits until `batch_size` of those at
/// work have finished, whichever they are ([`ids`](Self::ids)). What they gave is then read as from a
/// [`VecEnv`](crate::VecEnv), with `batch_size` rows; ended episodes begin anew in the same step, or as [`with_autoreset`](Self::with_autoreset) says.
///
/// ```
/// use envs::{Actions, AsyncVecEnv, Seed};
/// let mut envs = AsyncVecEnv::<f32>::make("CartPole-v1", 8, 3, 2)?;
/// envs.reset(&Seed::from(7))?;
/// for _ in 0..100 {
///     envs.recv()?;
///     let ids = envs.ids().to_vec();
///     envs.send(Actions::Discrete(&[0, 1, 0]), &ids)?;
/// }
/// assert_eq!(envs.observations().shape(), [3, 4]);
/// # Ok::<(), envs::Error>(())
/// ```
pub struct AsyncVecEnv<T: Element> {
    /// The environments that wait for an action; `None` where one is at work.
    idle: Vec<Option<Box<Worker<T>>>>,
    /// Finished ones whose turn has not come.
    early: Vec<Option<Box<Worker<T>>>>,
    /// Those at work or early, in the order they were sent.
    sent: VecDeque<usize>,
    order: Order,
    observation_space: Space,
    action_space: Space,
    shape: IxDyn,
    ids: Vec<usize>,
    observations: Vec<T>,
    results: Results<T>,
    finish: Sender<Box<Worker<T>>>,
    finished: Receiver<Box<Worker<T>>>,
    pool: ThreadPool,
}

/// In which order an [`AsyncVecEnv`] hands results out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they come: the fastest, but no two runs are alike.
    #[default]
    FirstFinished,
    /// As they were sent: the same in every run and for any number of threads.
    Sent,
}

/// One environment with all it needs to be at work on any thread.
struct Worker<T> {
    index: usize,
    env: BoxEnv<T>,
    autoreset: Autoreset,
    task: Task,
    observation: Vec<T>,
    results: Results<T>,
    outcome: Result<(), Error>,
}

enum Task {
    Reset(Option<Seed>),
    Discrete(i64),
    Continuous(Vec<f64>),
}

impl<T: Element> Worker<T> {
    fn work(&mut self) {
        let size = self.observation.len();
        let mut rows = self.results.rows(&mut self.observation);
        let row = Row::of(&mut rows, 0, size);
        let action = match &self.task {
            Task::Reset(seed) => {
                self.outcome = row.reset(&mut self.env, seed.as_ref(), self.index);
                return;
            }
            Task::Discrete(value) => Action::Discrete(*value),
            Task::Continuous(values) => Action::Continuous(values),
        };
        self.outcome = row.step(&mut self.env, action, self.autoreset, self.index);
    }
}

impl<T: Element> AsyncVecEnv<T> {
    /// These environments on so many threads (0: as many as the machine has cores), received in batches of `batch_size`.
    ///
    /// # Errors
    /// As [`VecEnv::new`](crate::VecEnv::new), and [`Error::InvalidOption`] where the batch is empty or larger than there
    /// are environments.
    pub fn new(envs: Vec<BoxEnv<T>>, batch_size: usize, threads: usize) -> Result<Self, Error> {
        let (observation_space, action_space) = check_spaces(&envs)?;
        if !(1..=envs.len()).contains(&batch_size) {
            let expected = format!("from 1 to the {} environments", envs.len());
            return Err(Error::InvalidOption { name: "batch_size", value: batch_size.to_string(), expected });
        }
        let (num_envs, size) = (envs.len(), observation_space.size());
        let shape = [&[batch_size], observation_space.shape()].concat();
        let worker = |(index, env)| {
            let (observation, results) = (vec![T::default(); size], Results::new(1, size));
            let (autoreset, task, outcome) = (Autoreset::SameStep, Task::Reset(None), Ok(()));
            Some(Box::new(Worker { index, env, autoreset, task, observation, results, outcome }))
        };
        let (finish, finished) = channel();
        Ok(Self {
            idle: envs.into_iter().enumerate().map(worker).collect(),
            early: (0..num_envs).map(|_| None).collect(),
            sent: VecDeque::with_capacity(num_envs),
            order: Order::default(),
            observation_space,
            action_space,
            shape: IxDyn(&shape),
            ids: Vec::with_capacity(batch_size),
            observations: vec![T::default(); batch_size * size],
            results: Results::new(batch_size, size),
            finish,
            finished,
            pool: Threads::own(threads, num_envs)?,
        })
    }

    /// This vector with another order of results.
    pub fn with_order(mut self, order: Order) -> Self {
        // What waits for its turn has none any more: it has finished, and is received as if it just had.
        for worker in self.early.iter_mut().filter_map(Option::take) {
            let _ = self.finish.send(worker); // this vector itself holds the receiver
        }
        Self { order, ..self }
    }

    /// This vector, which nothing was sent yet, with another way to go on after an end. With [`Autoreset::Disabled`]
    /// ended environments are to be sent a reset.
    pub fn with_autoreset(mut self, autoreset: Autoreset) -> Self {
        self.idle.iter_mut().flatten().for_each(|worker| worker.autoreset = autoreset);
        self
    }

    /// How many environments there are.
    pub fn num_envs(&self) -> usize {
        self.idle.len()
    }

    /// How many environments one [`recv`](Self::recv) gives.
    pub fn batch_size(&self) -> usize {
        self.results.rewards.len()
    }

    /// The observation space of one environment.
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// The action space of one environment.
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Sends all environments to begin an episode, environment i with seed + i; what was under way is lost. Their first
    /// observations come with [`recv`](Self::recv).
    ///
    /// # Errors
    /// None: those of the environments come with [`recv`](Self::recv).
    pub fn reset(&mut self, seed: &Seed) -> Result<(), Error> {
        while !self.sent.is_empty() {
            let worker = self.next_finished();
            let index = worker.index;
            self.idle[index] = Some(worker);
        }
        let all: Vec<usize> = (0..self.num_envs()).collect();
        self.send_reset(&all, Seeds::From(seed))
    }

    /// Sends the environments `ids` to begin an episode; their first observations come with [`recv`](Self::recv).
    ///
    /// # Errors
    /// With nothing changed: [`Error::WrongLength`] where [`Seeds::Each`] has not one seed for every environment there
    /// is, [`Error::InvalidOption`] where an id is no idle environment or is there twice.
    pub fn send_reset(&mut self, ids: &[usize], seeds: Seeds<'_>) -> Result<(), Error> {
        if let Seeds::Each(seeds) = seeds {
            check_length("the list of seeds", seeds.len(), self.num_envs())?;
        }
        let request = Reset { mask: None, seeds };
        let workers = self.take(ids)?;
        for mut worker in workers {
            worker.task = Task::Reset(request.seed(worker.index));
            self.start(worker);
        }
        Ok(())
    }

    /// Gives environment `ids[k]` the k-th action.
    ///
    /// # Errors
    /// With nothing changed: [`Error::WrongLength`] or [`Error::InvalidAction`] where the actions do not fit,
    /// [`Error::InvalidOption`] where an id is no idle environment or is there twice, [`Error::ResetNeeded`] with the
    /// index of an environment that was not reset at first or after a panic.
    pub fn send(&mut self, actions: Actions<'_>, ids: &[usize]) -> Result<(), Error> {
        let actions = CheckedActions::new(actions, &self.action_space, ids.len())?;
        for &index in ids {
            match self.idle.get(index) {
                Some(Some(worker)) if worker.results.statuses[0] == Status::Unready => {
                    return Err(in_vector(index, Error::ResetNeeded));
                }
                _ => (),
            }
        }
        for (k, mut worker) in self.take(ids)?.into_iter().enumerate() {
            match (actions.of(k), &mut worker.task) {
                (Action::Discrete(value), task) => *task = Task::Discrete(value),
                (Action::Continuous(values), Task::Continuous(task)) => task.copy_from_slice(values),
                (Action::Continuous(values), task) => *task = Task::Continuous(values.to_vec()),
            }
            self.start(worker);
        }
        Ok(())
    }

    /// Waits for the next `batch_size` environments that finish.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where fewer than `batch_size` are at work, so that waiting would not end. An
    /// environment's own error or panic, with its index; the batch is there all the same, and its other rows are valid.
    pub fn recv(&mut self) -> Result<(), Error> {
        let batch_size = self.batch_size();
        if self.sent.len() < batch_size {
            let (value, expected) = (batch_size.to_string(), format!("at most the {} at work", self.sent.len()));
            return Err(Error::InvalidOption { name: "batch_size", value, expected });
        }
        self.ids.clear();
        let mut result = Ok(());
        for k in 0..batch_size {
            let mut worker = self.next_finished();
            self.read(k, &mut worker);
            let outcome = std::mem::replace(&mut worker.outcome, Ok(()));
            let index = worker.index;
            self.idle[index] = Some(worker);
            result = result.and(outcome);
        }
        result
    }

    /// The environments of the last batch, by their row in it.
    pub fn ids(&self) -> &[usize] {
        &self.ids
    }

    answers!("the last [`recv`](Self::recv)", "`batch_size`");

    /// Takes these environments out, if all of them are idle.
    #[expect(clippy::vec_box, reason = "they travel between threads boxed")]
    fn take(&mut self, ids: &[usize]) -> Result<Vec<Box<Worker<T>>>, Error> {
        let mut workers = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.idle.get_mut(id).and_then(Option::take) {
                Some(worker) => workers.push(worker),
                None => {
                    for worker in workers {
                        let index = worker.index;
                        self.idle[index] = Some(worker);
                    }
                    let expected = "environments that wait for an action, each of them once".into();
                    return Err(Error::InvalidOption { name: "ids", value: id.to_string(), expected });
                }
            }
        }
        Ok(workers)
    }

    fn start(&mut self, mut worker: Box<Worker<T>>) {
        self.sent.push_back(worker.index);
        let finish = self.finish.clone();
        self.pool.spawn_fifo(move || {
            worker.work();
            // Nobody receives only where the vector is gone, and the environment may go too.
            let _ = finish.send(worker);
        });
    }

    /// Waits for the environment whose turn it is; at least one must be at work.
    fn next_finished(&mut self) -> Box<Worker<T>> {
        let place = |sent: &VecDeque<usize>, index| sent.iter().position(|sent| *sent == index);
        loop {
            let first = self.sent[0];
            if let (Order::Sent, Some(worker)) = (self.order, self.early[first].take()) {
                self.sent.pop_front();
                return worker;
            }
            let worker = self.finished.recv().expect("this vector itself holds a sender");
            match self.order {
                Order::Sent => {
                    let index = worker.index;
                    self.early[index] = Some(worker);
                }
                Order::FirstFinished => {
                    if let Some(place) = place(&self.sent, worker.index) {
                        self.sent.remove(place);
                    }
                    return worker;
                }
            }
        }
    }

    /// Copies what an environment gave into row `k` of the batch.
    fn read(&mut self, k: usize, worker: &mut Worker<T>) {
        let (results, theirs, size) = (&mut self.results, &worker.results, worker.observation.len());
        self.ids.push(worker.index);
        self.observations[k * size..][..size].copy_from_slice(&worker.observation);
        results.rewards[k] = theirs.rewards[0];
        (results.terminated[k], results.truncated[k]) = (theirs.terminated[0], theirs.truncated[0]);
        (results.infos[k], results.episodes[k]) = (theirs.infos[0], theirs.episodes[0]);
        if theirs.terminated[0] || theirs.truncated[0] {
            results.final_infos[k] = theirs.final_infos[0];
            results.final_observations[k * size..][..size].copy_from_slice(&theirs.final_observations);
        }
    }
}

impl<T: Element> std::fmt::Debug for AsyncVecEnv<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncVecEnv")
            .field("num_envs", &self.num_envs())
            .field("batch_size", &self.batch_size())
            .field("order", &self.order)
            .field("at_work", &self.sent)
            .finish_non_exhaustive()
    }
}
