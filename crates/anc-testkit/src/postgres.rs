//! An empty database on the PostgreSQL server that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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

    /// Every row of every table as text, as a dump has them.
    pub async fn dump(&self) -> String {
        let mut connection =
            PgConnection::connect(&self.url()).await.expect("the test server answers");
        let tables: Vec<String> = sqlx::query_scalar(
            "select table_name::text from information_schema.tables where table_schema = 'public'",
        )
        .fetch_all(&mut connection)
        .await
        .expect("the catalog can be read");
        let mut text = Vec::new();
        for table in tables {
            let sql = format!("select row_of_it::text from {table} as row_of_it");
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap_or_else(|error| panic!("{table}: {error}"));
            text.push(table);
            text.extend(rows);
        }
        text.join("\n")
    }

    /// Ends every connection to this database.
    pub async fn cut_connections(&self) {
        let name = &self.name;
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname =";
        self.on_server(&format!("{cut} '{name}'")).await;
    }

    /// Runs a statement beside this database, such as one that changes it.
    pub async fn on_server(&self, sql: &str) {
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

/// A server of a test's own, which it may restart. It ends with the value.
#[derive(Debug)]
pub struct PgServer {
    script: Child,
    address: String,
    restart: String,
}

impl PgServer {
    /// Starts one as the test command starts its own.
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/with-postgres.sh");
        let tell = "echo $ANC_TEST_POSTGRES; echo $ANC_TEST_POSTGRES_RESTART; exec cat";
        let mut script = Command::new(script)
            .args(["bash", "-c", tell])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let mut lines = BufReader::new(script.stdout.take().expect("piped")).lines();
        let mut line = || lines.next().and_then(Result::ok).expect("the script tells its server");
        Self { address: line(), restart: line(), script }
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.address)
    }

    /// Ends the server at once, as a crash would, and starts it again.
    pub fn restart(&self) {
        let done = Command::new("bash").args(["-c", &self.restart]).stdout(Stdio::null()).status();
        assert!(done.is_ok_and(|status| status.success()), "{}", self.restart);
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        // The end of its input is the end of the script's command, and so of the server.
        drop(self.script.stdin.take());
        self.script.wait().ok();
    }
}
