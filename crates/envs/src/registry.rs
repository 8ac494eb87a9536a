//! Environments by id: `make("CartPole-v1")`.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use crate::{
    CartPole, DType, Element, Env, Error, InvertedPendulum, Space, TimeLimit,
    vector::{
        Group,
        batch::{Batch, Native},
    },
};

/// An environment of which only the type of its observations is known.
pub type BoxEnv<T> = Box<dyn Env<Obs = T>>;

/// An environment whose kind of observations is known at run time only.
#[allow(missing_docs, reason = "the variants are the element types")]
pub enum AnyEnv {
    U8(BoxEnv<u8>),
    I8(BoxEnv<i8>),
    F32(BoxEnv<f32>),
    F64(BoxEnv<f64>),
}

impl AnyEnv {
    /// The type of its observations.
    pub fn dtype(&self) -> DType {
        match self {
            Self::U8(_) => DType::U8,
            Self::I8(_) => DType::I8,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }

    /// The environment, if its observations are of type `T`.
    ///
    /// # Errors
    /// [`Error::WrongDType`].
    pub fn typed<T: Element>(self) -> Result<BoxEnv<T>, Error> {
        let actual = self.dtype();
        T::typed(self).ok_or(Error::WrongDType { actual, expected: T::DTYPE })
    }

    /// The actions that `step` takes.
    pub fn action_space(&self) -> &Space {
        match self {
            Self::U8(env) => env.action_space(),
            Self::I8(env) => env.action_space(),
            Self::F32(env) => env.action_space(),
            Self::F64(env) => env.action_space(),
        }
    }
}

type Maker = dyn Fn(Option<u64>) -> Result<AnyEnv, Error> + Send + Sync;

/// Makes so many environments with that step limit as a `Box<dyn Group<T>>`, where observations are of type `T`.
type BatchMaker = dyn Fn(usize, Option<u64>) -> Box<dyn Any> + Send + Sync;

/// How the environment of an id is made.
#[derive(Clone)]
pub struct EnvSpec {
    /// The id, such as `CartPole-v1`.
    pub id: String,
    /// The steps after which an episode is truncated.
    pub max_episode_steps: Option<u64>,
    /// The mean return at which the task counts as solved.
    pub reward_threshold: Option<f64>,
    make: Arc<Maker>,
    /// How many of it are made at once, where that is a native environment.
    make_batch: Option<Arc<BatchMaker>>,
}

impl EnvSpec {
    /// An id and what makes its environment, with no step limit and no threshold yet.
    pub fn new<E: Env + 'static>(
        id: impl Into<String>,
        make: impl Fn() -> Result<E, Error> + Send + Sync + 'static,
    ) -> Self {
        let make = move |limit| Ok(E::Obs::any(Box::new(TimeLimit::new(make()?, limit))));
        Self { id: id.into(), max_episode_steps: None, reward_threshold: None, make: Arc::new(make), make_batch: None }
    }

    /// The id of a native environment, which steps as struct of arrays in a vector.
    fn native<E: Native<D> + Sync, const D: usize>(id: &str, env: E) -> Self {
        let single = env.clone();
        let batch = move |len, limit| -> Box<dyn Any> {
            let batch: Box<dyn Group<E::Obs>> = Box::new(Batch::new(env.clone(), limit, len));
            Box::new(batch)
        };
        Self { make_batch: Some(Arc::new(batch)), ..Self::new(id, move || Ok(single.clone())) }
    }

    /// `num_envs` environments in batches of `len` (the last one may be shorter), if they come in batches and their
    /// observations are of type `T`.
    pub(crate) fn batches<T: 'static>(&self, num_envs: usize, len: usize) -> Option<Vec<Box<dyn Group<T>>>> {
        let make = self.make_batch.as_ref()?;
        let lengths = (0..num_envs).step_by(len).map(|first| len.min(num_envs - first));
        let batch = |len| make(len, self.max_episode_steps).downcast().ok().map(|batch| *batch);
        lengths.map(batch).collect()
    }

    /// The same with these limits.
    pub fn with_limits(self, max_episode_steps: u64, reward_threshold: f64) -> Self {
        Self { max_episode_steps: Some(max_episode_steps), reward_threshold: Some(reward_threshold), ..self }
    }

    /// A new environment, in its [`TimeLimit`].
    ///
    /// # Errors
    /// Those of the environment's own constructor, such as [`Error::Rom`].
    pub fn make(&self) -> Result<AnyEnv, Error> {
        (self.make)(self.max_episode_steps)
    }
}

impl std::fmt::Debug for EnvSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvSpec")
            .field("id", &self.id)
            .field("max_episode_steps", &self.max_episode_steps)
            .field("reward_threshold", &self.reward_threshold)
            .finish_non_exhaustive()
    }
}

/// The short names: what people type, and the id it stands for.
pub const SHORT_NAMES: [(&str, &str); 2] = [("CartPole", "CartPole-v1"), ("InvertedPendulum", "InvertedPendulum-v5")];

static REGISTRY: LazyLock<RwLock<BTreeMap<String, EnvSpec>>> =
    LazyLock::new(|| RwLock::new(built_in().into_iter().map(|spec| (spec.id.clone(), spec)).collect()));

fn built_in() -> Vec<EnvSpec> {
    #[cfg(feature = "atari")]
    let atari = crate::atari::specs();
    #[cfg(not(feature = "atari"))]
    let atari = vec![];
    let classic = [
        EnvSpec::native("CartPole-v0", CartPole::new()).with_limits(200, 195.0),
        EnvSpec::native("CartPole-v1", CartPole::new()).with_limits(500, 475.0),
        EnvSpec::native("InvertedPendulum-v2", InvertedPendulum::v4()).with_limits(1000, 950.0),
        EnvSpec::native("InvertedPendulum-v4", InvertedPendulum::v4()).with_limits(1000, 950.0),
        EnvSpec::native("InvertedPendulum-v5", InvertedPendulum::v5()).with_limits(1000, 950.0),
    ];
    classic.into_iter().chain(atari).collect()
}

/// Makes an environment by its id or short name.
///
/// ```
/// use envs::{Env, Seed};
/// let mut env = envs::make("CartPole-v1")?.typed::<f32>()?;
/// let mut observation = [0.0; 4];
/// env.reset(Some(&Seed::from(0)), &mut observation)?;
/// # Ok::<(), envs::Error>(())
/// ```
///
/// # Errors
/// Those of [`spec`], and those of the environment's constructor.
pub fn make(id: &str) -> Result<AnyEnv, Error> {
    spec(id)?.make()
}

/// What is registered under this id or short name.
///
/// # Errors
/// [`Error::UnknownEnv`], [`Error::NotBuilt`].
pub fn spec(id: &str) -> Result<EnvSpec, Error> {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    let full = SHORT_NAMES.iter().find(|(short, _)| *short == id).map_or(id, |(_, full)| full);
    registry.get(full).cloned().ok_or_else(|| {
        if let Some(feature) = missing_feature(id) {
            return Error::NotBuilt { what: id.into(), feature };
        }
        let known = registry.keys().map(String::as_str).chain(SHORT_NAMES.map(|(short, _)| short));
        let similarity = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &id.to_lowercase());
        let nearest = known.max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        Error::UnknownEnv { id: id.into(), nearest: nearest.filter(|near| similarity(near) > 0.7).map(Into::into) }
    })
}

/// The cargo feature that would bring the environment of this id.
fn missing_feature(id: &str) -> Option<&'static str> {
    #[cfg(feature = "atari")]
    let (feature, is_there) = ("ale", crate::atari::AtariConfig::from_id(id).is_ok() && !cfg!(feature = "ale"));
    #[cfg(not(feature = "atari"))]
    let (feature, is_there) = ("atari", id.starts_with("Pong") || id.starts_with("ALE/"));
    is_there.then_some(feature)
}

/// Adds an environment, or replaces the one that has its id.
///
/// ```
/// use envs::{CartPole, EnvSpec};
/// envs::register(EnvSpec::new("ShortCartPole-v0", || Ok(CartPole::new())).with_limits(50, 49.0));
/// assert!(envs::make("ShortCartPole-v0").is_ok());
/// ```
pub fn register(spec: EnvSpec) {
    REGISTRY.write().unwrap_or_else(PoisonError::into_inner).insert(spec.id.clone(), spec);
}

/// Everything registered, by id.
pub fn registered() -> Vec<EnvSpec> {
    REGISTRY.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
}
