//! The state directory: one cloud at a time, and keys that stay the same.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ids;

/// Access keys of the local S3 and DynamoDB.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessKeys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

/// Takes the directory for this process; it is free again when the returned file is dropped or the process ends.
pub(crate) fn lock(directory: &Path) -> Result<File> {
    let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.with_context(|| format!("Cannot create the state directory {}", directory.display()))?;
    let path = directory.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("Cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "Another local cloud is running from {}. Stop it, or choose another state directory.",
            directory.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("Cannot lock {}", path.display())),
    }
}

/// The directory's access keys, made at random the first time and readable for their owner only.
pub(crate) fn access_keys(directory: &Path) -> Result<AccessKeys> {
    let path = directory.join("credentials.json");
    if let Some(keys) = read(&path)? {
        return Ok(keys);
    }
    let keys = AccessKeys {
        access_key_id: format!("LOCAL{}", ids::hex::<8>()?.to_uppercase()),
        secret_access_key: ids::hex::<20>()?,
    };
    write(&path, &keys)?;
    Ok(keys)
}

/// Secrets that the template has let generate here, by logical id; none the first time.
pub(crate) fn secrets(directory: &Path) -> Result<BTreeMap<String, String>> {
    Ok(read(&directory.join(SECRETS))?.unwrap_or_default())
}

/// Keeps generated secrets, readable for their owner only. Those that a template no longer has stay: another one may ask for
/// them again, and what they sealed opens with nothing else.
pub(crate) fn keep_secrets(directory: &Path, generated: &BTreeMap<String, String>) -> Result<()> {
    let kept = secrets(directory)?;
    let mut all = kept.clone();
    all.extend(generated.clone());
    if all == kept { Ok(()) } else { write(&directory.join(SECRETS), &all) }
}

const SECRETS: &str = "secrets.json";

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("{} is damaged. Delete it and start again.", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("Cannot read {}", path.display())),
    }
}

/// Writes a file that only its owner reads, whole or not at all.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).with_context(|| format!("{} cannot be JSON", path.display()))?;
    let new = path.with_extension("new");
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new);
    file.and_then(|mut file| file.write_all(&text))
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("Cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_cloud_at_a_time_uses_a_directory() {
        let directory = tempfile::tempdir().expect("directory");
        let held = lock(directory.path()).expect("free");
        let error = lock(directory.path()).expect_err("taken");
        assert!(error.to_string().starts_with("Another local cloud is running from"), "{error}");
        drop(held);
        lock(directory.path()).expect("free again");
    }

    #[test]
    fn keys_are_private_and_stay_the_same() {
        let directory = tempfile::tempdir().expect("directory");
        let first = access_keys(directory.path()).expect("keys");
        let second = access_keys(directory.path()).expect("keys");
        assert_eq!(first.secret_access_key, second.secret_access_key);
        let mode = fs::metadata(directory.path().join("credentials.json")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn secrets_are_private_and_none_is_lost() {
        let directory = tempfile::tempdir().expect("directory");
        let secret = |name: &str| BTreeMap::from([(name.to_owned(), format!("value of {name}"))]);
        assert_eq!(secrets(directory.path()).expect("none"), BTreeMap::new());
        keep_secrets(directory.path(), &secret("A")).expect("kept");
        keep_secrets(directory.path(), &secret("B")).expect("kept");
        let kept = secrets(directory.path()).expect("secrets");
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["A", "B"]);
        let mode = fs::metadata(directory.path().join(SECRETS)).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
