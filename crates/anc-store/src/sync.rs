//! Brings the write-ahead log to the disk behind the commits.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long commits gather before the log is synced. With the sync itself this stays below the
/// 50 ms that a loss of power may cost.
const GATHER: Duration = Duration::from_millis(25);

/// Knows whether something was committed that is not on the disk yet.
///
/// A commit without `synchronous=FULL` survives the death of the process, since the log is in the
/// system's cache, but not a loss of power until it is synced.
#[derive(Debug)]
pub(crate) struct LogSync {
    wal: PathBuf,
    file: Mutex<Option<File>>,
    behind: AtomicBool,
    thread: Mutex<Option<Thread>>,
}

impl LogSync {
    /// A log that each commit waits for: nothing to do behind.
    pub(crate) fn waiting(database: &Path) -> Arc<Self> {
        let mut wal = database.as_os_str().to_owned();
        wal.push("-wal");
        Arc::new(Self {
            wal: wal.into(),
            file: Mutex::new(None),
            behind: AtomicBool::new(false),
            thread: Mutex::new(None),
        })
    }

    /// A log that a thread syncs behind the commits, until the store is dropped.
    pub(crate) fn behind(database: &Path) -> io::Result<Arc<Self>> {
        let log = Self::waiting(database);
        let weak = Arc::downgrade(&log);
        let handle =
            thread::Builder::new().name("anc-log-sync".into()).spawn(move || sync_behind(&weak))?;
        *log.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle.thread().clone());
        Ok(log)
    }

    /// Something was committed.
    pub(crate) fn committed(&self) {
        if !self.behind.swap(true, Ordering::AcqRel)
            && let Some(thread) =
                self.thread.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
        {
            thread.unpark();
        }
    }

    /// Returns when everything committed so far is on the disk.
    ///
    /// The log is opened beside SQLite. That is safe for this file alone: SQLite keeps no lock on
    /// it, while closing a second handle of the database itself would drop SQLite's locks.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.behind.store(false, Ordering::Release);
        let opened = match file.take() {
            Some(opened) => opened,
            None => File::open(&self.wal)?,
        };
        let result = opened.sync_data();
        if result.is_err() {
            self.behind.store(true, Ordering::Release);
        }
        *file = Some(opened);
        result
    }
}

impl Drop for LogSync {
    fn drop(&mut self) {
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            thread.unpark();
        }
    }
}

fn sync_behind(log: &Weak<LogSync>) {
    loop {
        match log.upgrade() {
            None => return,
            Some(log) if log.behind.load(Ordering::Acquire) => {
                thread::sleep(GATHER);
                if let Err(error) = log.sync() {
                    tracing::error!(%error, "could not sync the database's log");
                }
            }
            // Not held while parked: the last owner's drop ends this thread.
            Some(log) => {
                drop(log);
                thread::park();
            }
        }
    }
}
