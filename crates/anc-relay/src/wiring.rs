//! Puts the pieces together: store, control plane, data plane.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_control::{Control, ControlParts, ControlSettings, DescribedSettings, MailWay, Providers};
use anc_domain::{Clock, Entropy, OsEntropy, SystemClock};
use anc_store::{OpenOptions, Store, StoreError};
use anc_upstream::{ParkedKeys, Upstream, UpstreamTimeouts};

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::simulated::Simulated;

/// How long an API call that disables something waits until the data plane has taken note.
const CHANGES_TIMEOUT: Duration = Duration::from_secs(1);

/// The pieces that every command needs which works on a data directory by itself.
pub(crate) struct Base {
    pub(crate) data: DataDir,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Which keys rest: the data plane notes, the control plane shows.
    pub(crate) parked: ParkedKeys,
    timeouts: UpstreamTimeouts,
    mail: Option<MailWay>,
    described: Arc<DescribedSettings>,
}

/// A data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The directory itself.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database in it.
    #[error("the database cannot be opened: {0}")]
    Store(#[from] StoreError),
}

impl Base {
    /// Locks the directory and opens the database, bringing it up to date.
    pub(crate) async fn open(path: &Path, config: &Config) -> Result<Self, OpenError> {
        Self::open_at(path, config, Arc::new(SystemClock)).await
    }

    /// The same by another clock.
    pub(crate) async fn open_at(
        path: &Path,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let data = DataDir::open(path)?;
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let options = OpenOptions {
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            master_key: match &config.master_key_file {
                Some(file) => DataDir::master_key_at(file)?,
                None => data.master_key(&*entropy)?,
            },
            durability: config.durability,
        };
        let store = Store::open(&config.location(path), options).await?;
        let (parked, timeouts) = (ParkedKeys::default(), config.timeouts);
        let mail = config
            .mail
            .clone()
            .map(|mail| MailWay { by: Arc::new(mail.mailer), language: mail.language });
        let described = Arc::clone(&config.described);
        Ok(Self { data, store, clock, entropy, parked, timeouts, mail, described })
    }

    /// The control plane on this store.
    pub(crate) fn control(&self, settings: ControlSettings) -> Control {
        let simulated = Arc::new(Simulated::new(Arc::clone(&self.clock)));
        Control::new(ControlParts {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            settings,
            changes_timeout: CHANGES_TIMEOUT,
            providers: Providers {
                upstream: Upstream::new(self.timeouts, simulated),
                parked: self.parked.clone(),
            },
            mail: self.mail.clone(),
            described: Arc::clone(&self.described),
        })
    }
}
