//! Older policies take less and less of the disk.

use std::fs;

use anyhow::Result;

use crate::{
    nn::policy::ActorCritic,
    run::folder::{RunFolder, playing_part, policy_name},
};

/// Brings the policies that were kept to at most so many bytes, the newest aside: older ones lose what only learning needs,
/// then those go that have the nearest neighbours. `policy` is one like them.
///
/// # Errors
/// Where the folder cannot be read or written.
pub fn thin(folder: &RunFolder, policy: &ActorCritic, most: u64) -> Result<()> {
    let mut epochs = folder.checkpoints();
    let size = |epoch: &u64| fs::metadata(folder.file(&policy_name(*epoch))).map_or(0, |file| file.len());
    let is_too_much = |epochs: &[u64]| epochs.iter().map(size).sum::<u64>() > most;
    let Some((_, older)) = epochs.split_last().filter(|_| is_too_much(&epochs)) else { return Ok(()) };
    for &epoch in older {
        let name = policy_name(epoch);
        if let Some(part) = playing_part(&fs::read(folder.file(&name))?, policy)? {
            folder.write(&name, &part)?;
        }
    }
    while epochs.len() > 1 && is_too_much(&epochs) {
        // The first stays for as long as there are others between it and the newest.
        let gap = |&i: &usize| epochs[i + 1] - epochs[i - 1];
        let dispensable = (1..epochs.len() - 1).min_by_key(gap).unwrap_or(0);
        fs::remove_file(folder.file(&policy_name(epochs.remove(dispensable))))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use envs::Space;

    use super::*;
    use crate::{collect::actor::stream_rng, config::Config, nn::policy::Architecture};

    #[test]
    fn older_policies_are_thinned_evenly_and_still_play() {
        let path = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(path.path(), &Config::default()).unwrap();
        let policy = |seed| {
            let mut rng = stream_rng(seed, 0, 0);
            ActorCritic::new(&[100], &Space::discrete(2), None, &Architecture::mlp(&[64]), &mut rng)
        };
        folder.save_policy(&policy(10), 10).unwrap();
        let whole = fs::metadata(folder.file(&policy_name(10))).unwrap().len();
        for epoch in (20..=200).step_by(10) {
            folder.save_policy(&policy(epoch), epoch).unwrap();
            thin(&folder, &policy(0), 3 * whole).unwrap();
        }
        let kept = folder.checkpoints();
        let bytes = |epoch: u64| fs::read(folder.file(&policy_name(epoch))).unwrap();
        assert!(kept.iter().map(|&epoch| bytes(epoch).len() as u64).sum::<u64>() <= 3 * whole);
        assert!(kept.len() >= 4 && kept[0] == 10 && kept.last() == Some(&200), "{kept:?}");
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] <= 100), "{kept:?}");
        assert_eq!(bytes(200).len() as u64, whole, "the newest goes on learning");
        for epoch in kept {
            let mut loaded = policy(0);
            folder.load_policy(&folder.file(&policy_name(epoch)), &mut loaded).unwrap();
            let pi = |policy: &ActorCritic| policy.pi.named_parameters("pi");
            assert_eq!(format!("{:?}", pi(&loaded)), format!("{:?}", pi(&policy(epoch))));
        }
    }
}
