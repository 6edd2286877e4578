//! The server, put together: the only file that knows every part of it.

use std::fmt;
use std::fs;
use std::hint::black_box;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

pub use crate::env::Env;

use crate::config::{self, Config};
use crate::databases::Databases;
use crate::error::Error;
use crate::grants::{self, OutsideIssuer};
use crate::query::{Queries, TransactionLimits};
use crate::rpc::{self, Door, Services, TimeLimits, Tls};
use crate::schema::{SchemaConfig, Schemas};
use crate::storage::catalog::{Catalog, SqliteCatalog};
use crate::storage::data_dir::{DataDir, DataDirError};
use crate::storage::files::Files;
use crate::storage::{DatabaseConfig, Local, Pool, PoolConfig, Synchronous};

/// After what time without use a database is closed.
const IDLE_CLOSE_AFTER: Duration = Duration::from_secs(60);
/// How often the server looks for databases to close and files to remove.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(5);
/// The most files that an open database needs with one reader: itself, its log
/// and the index of that, for the writer and for the reader.
const FILES_PER_DATABASE: u64 = 6;

/// Half of what malloc may keep of each of its heaps. There is one for each thread that
/// needs it, and at most eight for each core.
const LARGE_BLOCK_BYTES: usize = 1024 * 1024;

/// A server that is ready to serve.
pub struct App {
    door: Door,
    address: SocketAddr,
    admin_token_file: PathBuf,
    services: Services,
    limits: TimeLimits,
    env: Env,
    pool: Arc<Pool>,
    /// Goes last: with it the data directory is free for another process.
    _data_dir: Arc<DataDir>,
}

/// Why a server cannot start or go on, for the operator.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl From<DataDirError> for StartError {
    fn from(error: DataDirError) -> Self {
        Self(error.to_string())
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        // The operator is the one whom the private cause is for.
        match error.private_source() {
            Some(cause) => Self(format!("{} ({cause})", error.message())),
            None => Self(error.message().to_owned()),
        }
    }
}

/// Puts a server together and takes its data directory and its port into use.
/// Errors: what the operator must know to start it.
pub async fn build(config: Config, env: Env) -> Result<App, StartError> {
    let env = match &config.failpoint {
        Some(point) => {
            env.with_failpoint(point).map_err(|rule| StartError(format!("--failpoint {rule}")))?
        }
        None => env,
    };
    raise_file_limit(&config);
    keep_freed_memory();
    let data_dir = Arc::new(DataDir::open(&config.data_dir)?);
    let catalog = SqliteCatalog::open(&data_dir.catalog_file(), &env)?;
    let catalog: Arc<dyn Catalog> = Arc::new(catalog);

    let issuers: Vec<_> = config.issuers.into_iter().map(outside_issuer).collect();
    let keys_dir = data_dir.keys_dir();
    let opened = grants::open(Arc::clone(&catalog), env.clone(), &keys_dir, &issuers);
    let (verifier, tokens) = opened.await?;
    let admin_token_file = data_dir.admin_token_file();
    tokens.ensure_admin_token(&admin_token_file).await?;

    let pool = PoolConfig {
        database: DatabaseConfig {
            synchronous: match config.synchronous {
                config::Synchronous::Full => Synchronous::Full,
                config::Synchronous::Normal => Synchronous::Normal,
            },
            readers_max: config.readers_per_database_max,
            write_queue_max: config.write_queue_max,
            durability: Arc::new(Local),
            env: env.clone(),
        },
        open_databases_max: config.open_databases_max,
        idle_close_after: IDLE_CLOSE_AFTER,
    };
    let pool = Pool::new(Arc::clone(&data_dir), Arc::clone(&catalog), pool)?;
    let files: Arc<dyn Files> = Arc::<Pool>::clone(&pool);
    let window = config.undelete_window;
    let databases = Databases::new(Arc::clone(&catalog), files, env.clone(), window);
    let transactions =
        TransactionLimits { idle: config.transaction_idle_max, total: config.transaction_max };
    let queries = Queries::new(Arc::clone(&catalog), Arc::clone(&pool), env.clone(), transactions);
    let migrations = SchemaConfig {
        prepare_workers: config.prepare_workers,
        apply_workers: config.apply_workers,
        fence_wait_max: config.fence_wait_max,
        held_max: config.held_max,
    };
    let schemas = Schemas::new(catalog, Arc::clone(&pool), env.clone(), migrations);

    let tls = config.tls.as_ref().map(tls).transpose()?;
    let listener = bind(config.listen).await?;
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    Ok(App {
        door: Door { listener, web_origins: config.web_origins, tls },
        address,
        admin_token_file,
        services: Services {
            databases: Arc::new(databases),
            tokens: Arc::new(tokens),
            queries,
            schemas: Arc::new(schemas),
            verifier: Arc::new(verifier),
        },
        limits: TimeLimits { request_max: config.request_max, drain_max: config.drain_max },
        env,
        pool,
        _data_dir: data_dir,
    })
}

impl App {
    /// What the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the first admin token was written at the first start; it may have
    /// been removed since.
    #[must_use]
    pub fn admin_token_file(&self) -> PathBuf {
        self.admin_token_file.clone()
    }

    /// Serves until `stop` is ready, and then for as long as calls are open,
    /// within the limit. Errors: what ended it before.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        let schemas = Arc::clone(&self.services.schemas);
        // Before the first request: each must find every schema where it is.
        schemas.resume().await?;
        let housekeeping =
            keep_house(Arc::clone(&self.services.databases), Arc::clone(&schemas), self.pool);
        let _housekeeping = AbortOnDropHandle::new(tokio::spawn(housekeeping));
        info!(address = %self.address, "serving");
        let served = rpc::serve(self.door, self.services, self.limits, self.env, stop).await;
        schemas.stop().await;
        served?;
        info!("stopped");
        Ok(())
    }
}

/// Closes databases that nobody uses, removes what cannot be undeleted, and tries
/// again what migrations could not do.
async fn keep_house(databases: Arc<Databases>, schemas: Arc<Schemas>, pool: Arc<Pool>) {
    let mut ticks = interval(HOUSEKEEPING_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        pool.close_idle();
        if let Err(error) = databases.purge_due().await {
            error!(?error, "cannot remove deleted databases; trying again");
        }
        schemas.retry_due().await;
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another process listens there; stop that one or choose another address with --listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                "choose a port that the server's user may take, with --listen"
            }
            _ => "choose an address of this machine with --listen",
        };
        StartError(format!("cannot listen on {address}: {error}; {advice}"))
    })
}

/// Reads the server's identity, so that what is wrong with it is told before
/// anybody connects.
fn tls(files: &config::TlsFiles) -> Result<Tls, StartError> {
    let read = |flag, path: &Path| {
        fs::read(path).map_err(|error| {
            let path = path.display();
            StartError(format!("cannot read --{flag} {path}: {error}; name a PEM file that the server's user may read"))
        })
    };
    let (cert, key) = (read("tls-cert", &files.cert)?, read("tls-key", &files.key)?);
    Tls::new(&cert, &key).map_err(|cause| {
        let (cert, key) = (files.cert.display(), files.key.display());
        StartError(format!("cannot use --tls-cert {cert} with --tls-key {key}: {cause}; give a certificate in PEM and its own private key, which must have no password"))
    })
}

fn outside_issuer(issuer: config::Issuer) -> OutsideIssuer {
    let config::Issuer { issuer, audience, jwks_path } = issuer;
    OutsideIssuer { issuer, audience, jwks_path }
}

/// glibc's malloc hands memory back to the kernel whenever the end of a heap has 128 KiB
/// free. A connection to SQLite takes about twice that and frees it when it is closed, so
/// that going through closed databases would spend a sixth of its time on that. Once a
/// larger block was freed, malloc keeps twice as much (mallopt(3), on
/// `M_MMAP_THRESHOLD`).
fn keep_freed_memory() {
    drop(black_box(Vec::<u8>::with_capacity(LARGE_BLOCK_BYTES)));
}

/// Takes all the open files that the system gives, and tells where they will
/// not do.
fn raise_file_limit(config: &Config) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files_max = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            warn!(%error, "cannot raise the limit of open files");
            limit.current
        }
    };
    let databases_max = u64::try_from(config.open_databases_max).unwrap_or(u64::MAX);
    let needed = databases_max.saturating_mul(FILES_PER_DATABASE);
    if let Some(files_max) = files_max.filter(|&files_max| files_max < needed) {
        warn!(
            files_max,
            needed,
            open_databases_max = config.open_databases_max,
            "too few open files are allowed: raise the limit or lower --open-databases-max"
        );
    }
}
