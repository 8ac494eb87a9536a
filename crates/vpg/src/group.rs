//! Processes that train together through MPI: each collects its share of every epoch, all take the same steps.
//!
//! A process alone is a group of one, in which every exchange gives back what was put in.

use std::{cell::Cell, ops::Range};

use anyhow::{Result, ensure};

use crate::profile::{Exchange, timed};

/// This process and those it trains with.
///
/// ```
/// let group = vpg::Group::alone();
/// assert_eq!(group.share(16)?, 0..16);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct Group {
    others: Option<world::World>,
    exchange: Cell<Exchange>,
}

impl Group {
    /// This process alone.
    pub fn alone() -> Self {
        Self { others: None, exchange: Cell::default() }
    }

    /// All processes that `mpirun` started.
    ///
    /// # Errors
    /// Where this program was built without MPI.
    pub fn join() -> Result<Self> {
        Ok(Self { others: Some(world::World::join()?), exchange: Cell::default() })
    }

    /// This process's number, from 0 on.
    pub fn rank(&self) -> usize {
        self.others.as_ref().map_or(0, world::World::rank)
    }

    /// How many processes there are.
    pub fn size(&self) -> usize {
        self.others.as_ref().map_or(1, world::World::size)
    }

    /// Whether this process is the one that writes.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// This process's share of `total` environments.
    ///
    /// # Errors
    /// Where `total` is no multiple of the number of processes.
    pub fn share(&self, total: usize) -> Result<Range<usize>> {
        let size = self.size();
        ensure!(total.is_multiple_of(size), "num-envs = {total}: expected a multiple of the {size} processes");
        let len = total / size;
        Ok(self.rank() * len..(self.rank() + 1) * len)
    }

    /// Puts the sums over all processes in place of these numbers: bit for bit the same in every process.
    pub fn sum(&self, values: &mut [f64]) {
        self.exchange(size_of_val(values), |world| world.sum(values));
    }

    /// Puts the means over all processes in place of these numbers.
    pub fn average(&self, values: &mut [f32]) {
        self.exchange(size_of_val(values), |world| world.sum(values));
        let size = self.size() as f32;
        values.iter_mut().for_each(|value| *value /= size);
    }

    /// Whether any process says so.
    pub fn any(&self, flag: bool) -> bool {
        let mut count = [f64::from(u8::from(flag))];
        self.sum(&mut count);
        count[0] > 0.0
    }

    /// What every process gives, by rank.
    pub fn gather(&self, mine: Vec<u8>) -> Vec<Vec<u8>> {
        let len = mine.len();
        self.exchange(len, |world| world.gather(&mine)).unwrap_or_else(|| vec![mine])
    }

    /// What was exchanged so far.
    pub fn exchanged(&self) -> Exchange {
        self.exchange.get()
    }

    /// Ends all processes at once where there are others; comes back where there are none.
    pub fn abort(&self, exit_code: u8) {
        if let Some(world) = &self.others {
            world.abort(exit_code);
        }
    }

    fn exchange<R>(&self, bytes: usize, call: impl FnOnce(&world::World) -> R) -> Option<R> {
        let world = self.others.as_ref()?;
        let Exchange { mut time, calls, bytes: before } = self.exchange.get();
        let result = timed(&mut time, || call(world));
        self.exchange.set(Exchange { time, calls: calls + 1, bytes: before + bytes as u64 });
        Some(result)
    }
}

#[cfg(feature = "mpi")]
mod world {
    use anyhow::{Context, Result};
    use mpi::{
        Count, Threading,
        collective::SystemOperation,
        datatype::PartitionMut,
        environment::Universe,
        topology::SimpleCommunicator,
        traits::{Communicator, CommunicatorCollectives, Equivalence},
    };

    /// MPI, until this is dropped.
    pub struct World {
        world: SimpleCommunicator,
        _universe: Universe,
    }

    impl std::fmt::Debug for World {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "rank {} of {}", self.rank(), self.size())
        }
    }

    impl World {
        pub fn join() -> Result<Self> {
            let (universe, _) = mpi::initialize_with_threading(Threading::Funneled).context("MPI runs already")?;
            Ok(Self { world: universe.world(), _universe: universe })
        }

        pub fn rank(&self) -> usize {
            self.world.rank() as usize
        }

        pub fn size(&self) -> usize {
            self.world.size() as usize
        }

        pub fn sum<T: Equivalence + Clone>(&self, values: &mut [T]) {
            let mine = values.to_vec();
            self.world.all_reduce_into(&mine[..], values, SystemOperation::sum());
        }

        pub fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
            let mut counts: Vec<Count> = vec![0; self.size()];
            self.world.all_gather_into(&(mine.len() as Count), &mut counts[..]);
            let mut ends = 0;
            let starts: Vec<Count> = counts.iter().map(|count| (ends, ends += count).0).collect();
            let mut all = vec![0; ends as usize];
            self.world.all_gather_varcount_into(mine, &mut PartitionMut::new(&mut all[..], &counts[..], &starts[..]));
            counts.iter().zip(starts).map(|(&count, start)| all[start as usize..][..count as usize].to_vec()).collect()
        }

        pub fn abort(&self, exit_code: u8) {
            self.world.abort(exit_code.into());
        }
    }
}

#[cfg(not(feature = "mpi"))]
mod world {
    use anyhow::{Result, bail};

    /// There is none without the feature `mpi`.
    #[derive(Debug)]
    pub enum World {}

    impl World {
        pub fn join() -> Result<Self> {
            bail!(
                "this vpg was built without MPI: install one (Debian: apt-get install libopenmpi-dev openmpi-bin \
                 libclang-dev) and build with `cargo build -p vpg --features mpi`"
            )
        }

        pub fn rank(&self) -> usize {
            match *self {}
        }

        pub fn size(&self) -> usize {
            match *self {}
        }

        pub fn sum<T>(&self, _: &mut [T]) {
            match *self {}
        }

        pub fn gather(&self, _: &[u8]) -> Vec<Vec<u8>> {
            match *self {}
        }

        pub fn abort(&self, _: u8) {
            match *self {}
        }
    }
}
