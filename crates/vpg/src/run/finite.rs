//! The watch on numbers that are not finite: a run that has one goes nowhere, and ends with a word about it.

use std::path::PathBuf;

use crate::{learn::update::UpdateStats, nn::policy::ActorCritic, run::folder::RunFolder};

/// An update left numbers behind that are not finite.
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
/// [`NotFinite`] with every name.
pub fn check(epoch: u64, stats: &UpdateStats, policy: &ActorCritic, folder: &RunFolder) -> Result<(), NotFinite> {
    let columns = [
        ("LossPi", stats.loss_pi),
        ("LossV", stats.loss_v),
        ("DeltaLossPi", stats.delta_loss_pi),
        ("DeltaLossV", stats.delta_loss_v),
        ("Entropy", stats.entropy),
        ("KL", stats.kl),
        ("AverageVVals", stats.values.mean),
    ];
    let columns = columns.into_iter().filter(|(_, value)| !value.is_finite()).map(|(name, _)| name.to_owned());
    let parameters =
        policy.named_parameters().into_iter().filter(|(_, tensor)| tensor.isfinite().all().int64_value(&[]) == 0);
    let names: Vec<String> = columns.chain(parameters.map(|(name, _)| name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let newest = folder.checkpoints().pop();
    let last_good = newest.map(|epoch| folder.file(&format!("checkpoints/policy-{epoch}.safetensors")));
    Err(NotFinite { epoch, names, last_good })
}
