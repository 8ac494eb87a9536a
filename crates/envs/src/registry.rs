//! Environments by id: `make("CartPole-v1")`.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use crate::{
    AnyEnv, AsyncVecEnv, Element, EnvSpec, Error, VecEnv,
    builtin::{self, SHORT_NAMES},
};

static REGISTRY: LazyLock<RwLock<BTreeMap<String, EnvSpec>>> =
    LazyLock::new(|| RwLock::new(builtin::specs().into_iter().map(|spec| (spec.id.clone(), spec)).collect()));

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
/// [`Error::UnknownEnv`] where no environment has this id, [`Error::NotBuilt`] where this build leaves it out.
pub fn spec(id: &str) -> Result<EnvSpec, Error> {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    let full = SHORT_NAMES.iter().find(|(short, _)| *short == id).map_or(id, |(_, full)| full);
    registry.get(full).cloned().ok_or_else(|| {
        if let Some(feature) = builtin::missing_feature(id) {
            return Error::NotBuilt { what: id.into(), feature };
        }
        let known = registry.keys().map(String::as_str).chain(SHORT_NAMES.map(|(short, _)| short));
        let like = |known: &str| strsim::jaro_winkler(&name_of(known), &name_of(id));
        let whole = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &id.to_lowercase());
        let nearest = known.max_by(|a, b| {
            like(a).total_cmp(&like(b)).then(a.ends_with(id).cmp(&b.ends_with(id))).then(whole(a).total_cmp(&whole(b)))
        });
        Error::UnknownEnv { id: id.into(), nearest: nearest.filter(|near| like(near) > 0.8).map(Into::into) }
    })
}

/// What an id is about, without family, variant and version.
fn name_of(id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id);
    let name = name.rsplit_once("-v").map_or(name, |(name, _)| name).to_lowercase();
    ["-ram", "noframeskip", "deterministic"].iter().fold(name, |name, variant| name.replace(variant, ""))
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

impl<T: Element> VecEnv<T> {
    /// A vector of `num_envs` environments of this id, made with [`make`](crate::make()).
    ///
    /// # Errors
    /// Those of [`make`](crate::make()) and [`new`](Self::new); [`Error::WrongDType`] where observations are not `T`.
    pub fn make(id: &str, num_envs: usize, threads: usize) -> Result<Self, Error> {
        Self::of_spec(&spec(id)?, num_envs, threads)
    }
}

impl<T: Element> AsyncVecEnv<T> {
    /// `num_envs` environments of this id, made with [`make`](crate::make()).
    ///
    /// # Errors
    /// Those of [`make`](crate::make()) and [`new`](Self::new); [`Error::WrongDType`] where observations are not `T`.
    pub fn make(id: &str, num_envs: usize, batch_size: usize, threads: usize) -> Result<Self, Error> {
        let spec = spec(id)?;
        Self::new((0..num_envs).map(|_| spec.make()?.typed()).collect::<Result<_, _>>()?, batch_size, threads)
    }
}
