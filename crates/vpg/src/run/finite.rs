//! The watch on numbers that are not finite: a run that has one goes nowhere, and ends with a word about it.

use std::path::PathBuf;

use crate::{
    nn::policy::ActorCritic,
    run::columns::{COLUMNS, EpochReport},
    run::folder::RunFolder,
};

/// Numbers are not finite after an update.
#[derive(Debug, thiserror::Error)]
#[error(
    "epoch {epoch}: not finite after the update: {}; {}. Lower the learning rates",
    names.join(", "),
    last_good.as_ref().map_or_else(
        || "there is no checkpoint yet".into(),
        |path| format!("the last good checkpoint is {}", path.display())
    )
)]
pub struct NotFinite {
    /// The epoch of the update.
    pub epoch: u64,
    /// The columns of `progress.txt` and the parameters that are not finite.
    pub names: Vec<String>,
    /// The newest policy of the run.
    pub last_good: Option<PathBuf>,
}

/// Looks at what an update measured and at the parameters it left.
///
/// # Errors
/// [`NotFinite`], with the name of every such column and parameter, where there is one.
pub fn check(report: &EpochReport<'_>, policy: &ActorCritic, folder: &RunFolder) -> Result<(), NotFinite> {
    let watched = COLUMNS.iter().filter(|column| column.has_to_be_finite);
    let columns = watched.filter(|column| !f64::from((column.of)(report)).is_finite()).map(|column| column.name.into());
    let parameters =
        policy.named_parameters().into_iter().filter(|(_, tensor)| tensor.isfinite().all().int64_value(&[]) == 0);
    let names: Vec<String> = columns.chain(parameters.map(|(name, _)| name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let newest = folder.checkpoints().pop();
    let last_good = newest.map(|epoch| folder.file(&format!("checkpoints/policy-{epoch}.safetensors")));
    Err(NotFinite { epoch: report.epoch, names, last_good })
}
