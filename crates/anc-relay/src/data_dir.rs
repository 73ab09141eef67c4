//! The data directory: one writing process at a time, and nobody else may look in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use anc_domain::Entropy;

/// Only the owner may enter the directory or read its files.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const MASTER_KEY_BYTES: usize = 32;

/// The database's file in the data directory.
pub(crate) const DATABASE_FILE: &str = "relay.db";
/// What opens the secrets in it.
const MASTER_KEY_FILE: &str = "master.key";

/// A data directory that this process alone writes to, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    /// Another process has it.
    #[error(
        "another ANC Relay is running on {}; stop it first, or choose another directory with --data",
        .0.display()
    )]
    InUse(PathBuf),
    /// A command was given a directory in which no relay lives.
    #[error(
        "there is no relay in {}; name its data directory with --data (and its database with \
         --database, if it has one), or make one with `anc-relay serve`",
        .0.display()
    )]
    Nobody(PathBuf),
    /// The database is there and the key that opens its secrets is not.
    #[error(
        "{} is missing beside the database that it belongs to; restore it from your backup",
        .0.display()
    )]
    NoMasterKey(PathBuf),
    /// The file system refused.
    #[error("the data directory {} cannot be used: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
    /// The master key's file is not one.
    #[error("{} is not a master key of 32 bytes; restore it from your backup", .0.display())]
    MasterKey(PathBuf),
}

impl DataDir {
    /// Makes the directory if there is none, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |error| DataDirError::Io(path.to_owned(), error);
        fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path).map_err(failed)?;
        let private = fs::Permissions::from_mode(DIRECTORY_MODE);
        fs::set_permissions(path, private).map_err(failed)?;
        let lock = private_file(&path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The same for a directory in which a relay lives; nothing is made.
    pub(crate) fn open_existing(path: &Path) -> Result<Self, DataDirError> {
        if !path.join(MASTER_KEY_FILE).exists() && !path.join(DATABASE_FILE).exists() {
            return Err(DataDirError::Nobody(path.to_owned()));
        }
        Self::open(path)
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE_FILE)
    }

    /// Where the command line reaches a running server.
    pub(crate) fn socket(&self) -> PathBuf {
        control_socket(&self.path)
    }

    /// A master key that lies elsewhere, as where several nodes share a database. It is not made.
    pub(crate) fn master_key_at(path: &Path) -> Result<[u8; 32], DataDirError> {
        let stored = fs::read(path).map_err(|error| DataDirError::Io(path.to_owned(), error))?;
        stored.try_into().map_err(|_| DataDirError::MasterKey(path.to_owned()))
    }

    /// The key that seals secrets in the database; made at first start. Without it the providers'
    /// keys cannot be read, so it belongs into every backup, apart from the database.
    pub(crate) fn master_key(&self, entropy: &dyn Entropy) -> Result<[u8; 32], DataDirError> {
        let path = self.path.join(MASTER_KEY_FILE);
        if !path.exists() && self.database().exists() {
            return Err(DataDirError::NoMasterKey(path));
        }
        let failed = |error| DataDirError::Io(path.clone(), error);
        let mut file = private_file(&path).map_err(failed)?;
        let mut stored = Vec::new();
        file.read_to_end(&mut stored).map_err(failed)?;
        if stored.is_empty() {
            let mut key = [0; MASTER_KEY_BYTES];
            entropy.fill(&mut key);
            file.write_all(&key).and_then(|()| file.sync_all()).map_err(failed)?;
            return Ok(key);
        }
        stored.try_into().map_err(|_| DataDirError::MasterKey(path.clone()))
    }

    /// Where the master key lies unless a setting names another place.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.path.join(MASTER_KEY_FILE)
    }
}

/// A change of the master key, in steps that an interruption anywhere leaves to be tried again: the
/// new key lies beside the old one before anything is sealed with it, and takes its place after.
#[derive(Debug)]
pub(crate) struct NextMasterKey {
    current: PathBuf,
    next: PathBuf,
    /// What seals from now on.
    pub(crate) key: [u8; MASTER_KEY_BYTES],
}

impl NextMasterKey {
    /// Makes the key that comes after the one in `current`, or finds the one that an interrupted
    /// change made.
    pub(crate) fn prepare(current: &Path, entropy: &dyn Entropy) -> Result<Self, DataDirError> {
        let next = beside(current, "next");
        let failed = |error| DataDirError::Io(next.clone(), error);
        let mut file = private_file(&next).map_err(failed)?;
        let mut stored = Vec::new();
        file.read_to_end(&mut stored).map_err(failed)?;
        let key = if stored.len() == MASTER_KEY_BYTES {
            stored.try_into().map_err(|_| DataDirError::MasterKey(next.clone()))?
        } else {
            // There was none, or it was interrupted while it was written: nothing is sealed with it.
            let mut key = [0; MASTER_KEY_BYTES];
            entropy.fill(&mut key);
            file.set_len(0).map_err(failed)?;
            file.write_all_at(&key, 0).and_then(|()| file.sync_all()).map_err(failed)?;
            sync_directory(current).map_err(failed)?;
            key
        };
        Ok(Self { current: current.to_owned(), next, key })
    }

    /// Puts the new key in the old one's place, and gives where the old one is kept.
    pub(crate) fn finish(self) -> Result<PathBuf, DataDirError> {
        let failed = |error| DataDirError::Io(self.current.clone(), error);
        let old = beside(&self.current, "old");
        fs::copy(&self.current, &old).map_err(failed)?;
        fs::set_permissions(&old, fs::Permissions::from_mode(FILE_MODE)).map_err(failed)?;
        fs::rename(&self.next, &self.current).map_err(failed)?;
        sync_directory(&self.current).map_err(failed)?;
        Ok(old)
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Makes the names in a file's directory durable.
fn sync_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Where the server of a data directory listens for the command line.
pub(crate) fn control_socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
}

#[cfg(test)]
mod tests {
    use anc_domain::FixedEntropy;

    use super::*;

    #[test]
    fn a_second_process_is_refused_and_told_why() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataDir::open(&path).unwrap();
        let second = DataDir::open(&path).unwrap_err();
        assert!(second.to_string().contains("another ANC Relay is running"), "{second}");
        drop(first);
        assert!(DataDir::open(&path).is_ok());
    }

    #[test]
    fn nobody_else_may_look_in() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let data = DataDir::open(&path).unwrap();
        data.master_key(&FixedEntropy::new(1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("master.key")), 0o600);
    }

    #[test]
    fn an_interrupted_change_of_the_master_key_goes_on_with_the_same_new_one() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::open(&parent.path().join("data")).unwrap();
        let old = data.master_key(&FixedEntropy::new(1)).unwrap();
        let file = data.master_key_file();
        let first = NextMasterKey::prepare(&file, &FixedEntropy::new(2)).unwrap();
        let again = NextMasterKey::prepare(&file, &FixedEntropy::new(3)).unwrap();
        assert_eq!(first.key, again.key);
        assert_ne!(first.key, old);
        assert_eq!(data.master_key(&FixedEntropy::new(4)).unwrap(), old, "not yet");
        let kept = again.finish().unwrap();
        assert_eq!(data.master_key(&FixedEntropy::new(4)).unwrap(), first.key);
        assert_eq!(fs::read(&kept).unwrap(), old);
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        let next = NextMasterKey::prepare(&file, &FixedEntropy::new(5)).unwrap();
        assert_ne!(next.key, first.key, "the change is over");
    }

    #[test]
    fn the_master_key_is_made_once() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::open(&parent.path().join("data")).unwrap();
        let first = data.master_key(&FixedEntropy::new(1)).unwrap();
        assert_eq!(data.master_key(&FixedEntropy::new(2)).unwrap(), first);
    }
}
