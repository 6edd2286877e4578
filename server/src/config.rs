//! The settings of `tenantry serve`: read here, from flags and the environment,
//! and nowhere else.
//!
//! [`Flags`] is what was written, [`Config`] what it means. The first takes any
//! text, so that the second can tell of everything that is wrong at once.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};

/// The most tasks that do one kind of work for one migration.
const WORKERS_MAX: usize = 64;

/// The settings as they were written.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Server options")]
pub struct Flags {
    /// Where everything is kept. Created where it is missing
    #[arg(long, env = "TENANTRY_DATA_DIR", default_value = "./tenantry-data", value_name = "DIR")]
    data_dir: PathBuf,

    /// The address and port to listen on. Port 0 takes a free one
    #[arg(long, env = "TENANTRY_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDR")]
    listen: String,

    /// The web origins whose pages may call by gRPC-web, as in
    /// `https://app.example,http://localhost:8080`; `*` is every page that a user
    /// may open. Not set: no gRPC-web, and no HTTP/1.1
    #[arg(long, env = "TENANTRY_WEB_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    web_origins: Vec<String>,

    /// The server's certificate, and those between it and the authority, in PEM.
    /// Not set: no TLS
    #[arg(long, env = "TENANTRY_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, env = "TENANTRY_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// How commits are made durable: `full` survives power loss, `normal` is
    /// faster and survives the end of the process only
    #[arg(long, env = "TENANTRY_SYNCHRONOUS", default_value = "full", value_name = "MODE")]
    synchronous: String,

    /// For how long a deleted database can be brought back, in seconds
    #[arg(
        long,
        env = "TENANTRY_UNDELETE_WINDOW_SECONDS",
        default_value = "86400",
        value_name = "SECONDS"
    )]
    undelete_window_seconds: String,

    /// The longest time of a call, streams excepted, in milliseconds. A caller
    /// may ask for less
    #[arg(long, env = "TENANTRY_REQUEST_MS_MAX", default_value = "30000", value_name = "MS")]
    request_ms_max: String,

    /// How long open calls may go on when the server is told to stop, in
    /// milliseconds
    #[arg(long, env = "TENANTRY_DRAIN_MS_MAX", default_value = "8000", value_name = "MS")]
    drain_ms_max: String,

    /// How long an interactive transaction may wait for its next request, in
    /// milliseconds
    #[arg(
        long,
        env = "TENANTRY_TRANSACTION_IDLE_MS_MAX",
        default_value = "10000",
        value_name = "MS"
    )]
    transaction_idle_ms_max: String,

    /// How long an interactive transaction may take, and a stream work on one
    /// piece of its rows, in milliseconds
    #[arg(long, env = "TENANTRY_TRANSACTION_MS_MAX", default_value = "60000", value_name = "MS")]
    transaction_ms_max: String,

    /// How many databases are kept open while nobody uses them
    #[arg(long, env = "TENANTRY_OPEN_DATABASES_MAX", default_value = "1000", value_name = "COUNT")]
    open_databases_max: String,

    /// How many requests read one database at the same time; more wait
    #[arg(
        long,
        env = "TENANTRY_READERS_PER_DATABASE_MAX",
        default_value = "32",
        value_name = "COUNT"
    )]
    readers_per_database_max: String,

    /// How many writes may wait for one database; more are refused
    #[arg(long, env = "TENANTRY_WRITE_QUEUE_MAX", default_value = "10000", value_name = "COUNT")]
    write_queue_max: String,

    /// How many children of a schema a migration validates at the same time. Not
    /// set: one for every two processors, so that requests have the others
    #[arg(long, env = "TENANTRY_PREPARE_WORKERS", value_name = "COUNT")]
    prepare_workers: Option<String>,

    /// How many batches of files are brought to a new generation at the same
    /// time. Not set: one for every two processors
    #[arg(long, env = "TENANTRY_APPLY_WORKERS", value_name = "COUNT")]
    apply_workers: Option<String>,

    /// How long writes that are under way may go on when a migration is about to
    /// commit, in milliseconds; then they are rolled back and can be tried again
    #[arg(long, env = "TENANTRY_FENCE_WAIT_MS_MAX", default_value = "1000", value_name = "MS")]
    fence_wait_ms_max: String,

    /// How many children on which a migration is slow keep it in an open
    /// transaction until it commits, so that it need not run there twice
    #[arg(long, env = "TENANTRY_HELD_MAX", default_value = "4", value_name = "COUNT")]
    held_max: String,

    /// How the log on standard error is written: `text` or `json`
    #[arg(long, env = "TENANTRY_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    log_format: String,

    /// What is logged: a level (error, warn, info, debug), also per module as in
    /// `info,tenantry=debug`
    #[arg(long, env = "TENANTRY_LOG", default_value = "info", value_name = "FILTER")]
    log: String,

    /// Trusts the tokens of an issuer outside, as in
    /// `iss=https://login.example,aud=tenantry,jwks=/etc/tenantry/login.jwks`.
    /// The file is a JSON Web Key Set. Can be given many times; in the
    /// environment they are separated by `;`
    #[arg(long, env = "TENANTRY_ISSUER", value_delimiter = ';', value_name = "ISSUER")]
    issuer: Vec<String>,

    /// Where tests make the server fail
    #[arg(long, hide = true, value_name = "POINT=ACTION")]
    failpoint: Option<String>,
}

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// What to listen on.
    pub listen: SocketAddr,
    /// The origins whose pages may call by gRPC-web, or `*` alone. Without any
    /// there is no gRPC-web.
    pub web_origins: Vec<String>,
    /// What to show of the server's identity. Without it there is no TLS.
    pub tls: Option<TlsFiles>,
    /// How commits are made durable.
    pub synchronous: Synchronous,
    /// For how long a deleted database can be brought back.
    pub undelete_window: Duration,
    /// The longest time of a call without streams.
    pub request_max: Duration,
    /// How long open calls may go on when the server stops.
    pub drain_max: Duration,
    /// How long a transaction may wait for its next request.
    pub transaction_idle_max: Duration,
    /// How long a transaction may take.
    pub transaction_max: Duration,
    /// How many databases are kept open while nobody uses them.
    pub open_databases_max: usize,
    /// How many requests read one database at the same time.
    pub readers_per_database_max: usize,
    /// How many writes may wait for one database.
    pub write_queue_max: usize,
    /// How many children a migration validates at the same time.
    pub prepare_workers: usize,
    /// How many batches of files are brought up at the same time.
    pub apply_workers: usize,
    /// How long open writes may go on when the fence goes up.
    pub fence_wait_max: Duration,
    /// How many slow children a migration holds open.
    pub held_max: usize,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: Targets,
    /// Whose tokens are trusted beside the server's own.
    pub issuers: Vec<Issuer>,
    /// Where tests make the server fail, see `env/failpoints.rs`.
    pub failpoint: Option<String>,
}

/// The files of a certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and the authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How commits are made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// What was acknowledged survives power loss.
    Full,
    /// What was acknowledged survives the end of the process.
    Normal,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// An issuer outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// What its tokens have as `iss`.
    pub issuer: String,
    /// What they must have as `aud`.
    pub audience: String,
    /// The file of its keys.
    pub jwks_path: PathBuf,
}

/// Everything that is wrong with the settings, for the operator.
#[derive(Debug)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl Flags {
    /// What the settings mean. Errors: all that is wrong with them.
    pub fn read(self) -> Result<Config, Problems> {
        let mut reader = Reader::default();
        let config = Config {
            data_dir: self.data_dir,
            listen: reader.listen(&self.listen),
            web_origins: reader.web_origins(&self.web_origins),
            tls: reader.tls(self.tls_cert, self.tls_key),
            synchronous: reader.one_of(
                "synchronous",
                &self.synchronous,
                [("full", Synchronous::Full), ("normal", Synchronous::Normal)],
            ),
            undelete_window: Duration::from_secs(reader.number(
                "undelete-window-seconds",
                &self.undelete_window_seconds,
                0..=31_536_000,
            )),
            request_max: reader.ms("request-ms-max", &self.request_ms_max, 1..=86_400_000),
            drain_max: reader.ms("drain-ms-max", &self.drain_ms_max, 0..=600_000),
            transaction_idle_max: reader.ms(
                "transaction-idle-ms-max",
                &self.transaction_idle_ms_max,
                1..=3_600_000,
            ),
            transaction_max: reader.ms(
                "transaction-ms-max",
                &self.transaction_ms_max,
                1..=86_400_000,
            ),
            open_databases_max: reader.number(
                "open-databases-max",
                &self.open_databases_max,
                1..=1_000_000,
            ),
            readers_per_database_max: reader.number(
                "readers-per-database-max",
                &self.readers_per_database_max,
                1..=256,
            ),
            write_queue_max: reader.number("write-queue-max", &self.write_queue_max, 1..=1_000_000),
            prepare_workers: reader.workers("prepare-workers", self.prepare_workers),
            apply_workers: reader.workers("apply-workers", self.apply_workers),
            fence_wait_max: reader.ms("fence-wait-ms-max", &self.fence_wait_ms_max, 0..=60_000),
            held_max: reader.number("held-max", &self.held_max, 0..=64),
            log_format: reader.one_of(
                "log-format",
                &self.log_format,
                [("text", LogFormat::Text), ("json", LogFormat::Json)],
            ),
            log: reader.log(&self.log),
            issuers: reader.issuers(&self.issuer),
            failpoint: self.failpoint,
        };
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
    }
}

/// Reads settings and remembers what is wrong. What it answers for one that is
/// wrong is used by nobody.
#[derive(Default)]
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn wrong(&mut self, flag: &str, given: &str, rule: impl fmt::Display) {
        let variable = flag.replace('-', "_").to_uppercase();
        self.problems
            .push(format!("--{flag} (TENANTRY_{variable}) is '{given}': it must be {rule}"));
    }

    fn number<N>(&mut self, flag: &str, given: &str, range: RangeInclusive<N>) -> N
    where
        N: Copy + PartialOrd + FromStr + fmt::Display,
    {
        match given.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (start, end) = (*range.start(), *range.end());
                self.wrong(flag, given, format_args!("a whole number from {start} to {end}"));
                start
            }
        }
    }

    fn workers(&mut self, flag: &str, given: Option<String>) -> usize {
        match given {
            Some(given) => self.number(flag, &given, 1..=WORKERS_MAX),
            None => available_parallelism().map_or(1, |all| all.get() / 2).clamp(1, WORKERS_MAX),
        }
    }

    fn ms(&mut self, flag: &str, given: &str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(flag, given, range))
    }

    fn one_of<T: Copy>(&mut self, flag: &str, given: &str, choices: [(&str, T); 2]) -> T {
        let [(first, one), (second, other)] = choices;
        if given == second {
            return other;
        }
        if given != first {
            self.wrong(flag, given, format_args!("'{first}' or '{second}'"));
        }
        one
    }

    fn listen(&mut self, given: &str) -> SocketAddr {
        given.parse().unwrap_or_else(|_| {
            self.wrong("listen", given, "an IP address and a port, as in 127.0.0.1:50051");
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    fn web_origins(&mut self, given: &[String]) -> Vec<String> {
        let given: Vec<_> = given.iter().map(|text| text.trim()).collect();
        match given.as_slice() {
            ["*"] => {}
            // As where the variable is set to nothing.
            [""] => return Vec::new(),
            _ => {
                for wrong in given.iter().filter(|text| !is_origin(text)) {
                    let rule = "an origin as browsers send it, without a path and without the \
                                usual port, as in https://app.example, or * alone";
                    self.wrong("web-origins", wrong, rule);
                }
            }
        }
        given.into_iter().map(str::to_owned).collect()
    }

    fn tls(&mut self, cert: Option<PathBuf>, key: Option<PathBuf>) -> Option<TlsFiles> {
        match (cert, key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.wrong("tls-key", "", "given where --tls-cert is");
                None
            }
            (None, Some(_)) => {
                self.wrong("tls-cert", "", "given where --tls-key is");
                None
            }
        }
    }

    fn log(&mut self, given: &str) -> Targets {
        // A word alone would be taken for the name of a module with all its lines.
        let is_level = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        match given.parse() {
            Ok(targets) if given.split(',').all(|part| is_level(part.trim())) => targets,
            _ => {
                self.wrong("log", given, "a level or a list as in 'info,tenantry=debug'");
                Targets::default()
            }
        }
    }

    fn issuers(&mut self, given: &[String]) -> Vec<Issuer> {
        let mut issuers: Vec<Issuer> = Vec::new();
        for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            match issuer(text) {
                Some(new) if issuers.iter().any(|known| known.issuer == new.issuer) => {
                    self.wrong("issuer", text, "given once for each 'iss'");
                }
                Some(issuer) => issuers.push(issuer),
                None => self.wrong("issuer", text, "of the form 'iss=…,aud=…,jwks=PATH'"),
            }
        }
        issuers
    }
}

fn issuer(text: &str) -> Option<Issuer> {
    let (mut issuer, mut audience, mut jwks) = (None, None, None);
    for part in text.split(',') {
        let (key, value) = part.split_once('=').filter(|(_, value)| !value.is_empty())?;
        let slot = match key.trim() {
            "iss" => &mut issuer,
            "aud" => &mut audience,
            "jwks" => &mut jwks,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    Some(Issuer {
        issuer: issuer?.to_owned(),
        audience: audience?.to_owned(),
        jwks_path: PathBuf::from(jwks?),
    })
}

/// Whether a browser could send this text as the origin of a page: they are
/// compared byte by byte. `null` is the origin of pages that hide theirs.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let usual_port = match scheme {
        "http" => Some("80"),
        "https" => Some("443"),
        _ => None,
    };
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let has = |text: &str, others: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| is_lower(byte) || others.contains(&byte))
    };
    let host_fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => has(address, b":."),
        None => has(host, b"-._"),
    };
    let port_fits = port.is_none_or(|port| {
        !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok() && Some(port) != usual_port
    });
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && has(scheme, b"+-.")
        && host_fits
        && port_fits
}

#[cfg(test)]
mod tests;
