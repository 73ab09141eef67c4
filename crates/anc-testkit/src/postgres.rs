//! An empty database on the PostgreSQL server that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Where `scripts/with-postgres.sh` says that its server is.
const SERVER: &str = "ANC_TEST_POSTGRES";

/// A database that goes when the value goes.
#[derive(Debug)]
pub struct PgDatabase {
    server: String,
    name: String,
}

impl PgDatabase {
    /// Makes an empty one.
    pub async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} is not set: run the tests by `scripts/with-postgres.sh COMMAND`")
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("anc_{}_{number}", std::process::id());
        let database = Self { server, name };
        // One that a killed test left behind may have this name.
        database.on_server(&format!("drop database if exists {}", database.name)).await;
        database.on_server(&format!("create database {}", database.name)).await;
        database
    }

    /// A copy of this one, which nobody may be connected to.
    pub async fn copy(&self) -> Self {
        let copy = Self { server: self.server.clone(), name: format!("{}_copy", self.name) };
        copy.on_server(&format!("drop database if exists {}", copy.name)).await;
        copy.on_server(&format!("create database {} template {}", copy.name, self.name)).await;
        copy
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    async fn on_server(&self, sql: &str) {
        let mut connection = PgConnection::connect(&format!("{}/postgres", self.server))
            .await
            .expect("the test server answers");
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        // A runtime of its own, since this may run within another one.
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let url = format!("{server}/postgres");
                if let Ok(mut connection) = PgConnection::connect(&url).await {
                    let sql = format!("drop database if exists {name} with (force)");
                    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.ok();
                }
            });
        });
        dropped.join().ok();
    }
}
