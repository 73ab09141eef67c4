//! Commands on the database itself, which need no server and no API.

use std::path::Path;

use anc_domain::OsEntropy;
use anc_store::{Location, Store};

use crate::cli::CliError;
use crate::cli::arguments::{Copy, Migrate};
use crate::cli::print::{Table, line};
use crate::config::Config;
use crate::data_dir::{DataDir, NextMasterKey};
use crate::wiring::OpenError;

pub(super) async fn migrate(
    command: Migrate,
    data: &Path,
    location: &Location,
) -> Result<(), CliError> {
    // A file is for one process at a time, and a server has brought its own up to date.
    let _lock = DataDir::open_existing(data).map_err(OpenError::from)?;
    if let Migrate::Up = command {
        Store::migrate(location).await.map_err(OpenError::from)?;
    }
    let mut table = Table::new(&["Version", "About", "Applied"]);
    for one in Store::migrations(location).await.map_err(OpenError::from)? {
        let applied = if one.applied { "yes" } else { "no" };
        table.row(&[one.version.to_string(), one.description, applied.to_owned()]);
    }
    table.print()
}

pub(super) async fn copy(command: Copy, data: &Path) -> Result<(), CliError> {
    let directory = DataDir::open_existing(data).map_err(OpenError::from)?;
    let from = Location::Sqlite(directory.database());
    let to = Location::Postgres(command.to);
    let copied = Store::copy(&from, &to).await.map_err(OpenError::from)?;
    let mut table = Table::new(&["Table", "Rows"]);
    for (name, rows) in copied {
        table.row(&[name, rows.to_string()]);
    }
    table.print()?;
    for check in Store::verify_at(&to).await.map_err(OpenError::from)? {
        line(&format!(
            "{}: {} ({})",
            check.name,
            if check.ok { "holds" } else { "BROKEN" },
            check.detail
        ))?;
        if !check.ok {
            return Err(CliError::BooksDoNotHold);
        }
    }
    line("The copy is whole. Serve it with --database, and with this data directory's master key.")
}

pub(super) async fn reseal(data: &Path, config: &Config) -> Result<(), CliError> {
    let directory = DataDir::open_existing(data).map_err(OpenError::from)?;
    let file = config.master_key_file.clone().unwrap_or_else(|| directory.master_key_file());
    let old = DataDir::master_key_at(&file).map_err(OpenError::from)?;
    let next = NextMasterKey::prepare(&file, &OsEntropy).map_err(OpenError::from)?;
    let location = config.location(data);
    let done = Store::reseal(&location, &old, &next.key, &OsEntropy).await;
    let done = done.map_err(OpenError::from)?;
    let kept = next.finish().map_err(OpenError::from)?;
    match done {
        Some(secrets) => line(&format!("Sealed anew: {secrets} secrets."))?,
        None => line("The secrets were sealed anew before; the key has its place now.")?,
    }
    line(&format!(
        "{} opens them from now on: back it up, apart from the database, and give it to every node.",
        file.display()
    ))?;
    line(&format!("{} opens older backups alone: keep it with them, and not here.", kept.display()))
}
