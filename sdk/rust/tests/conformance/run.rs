//! One case: its server, its databases, its steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use tenantry_client::{Client, Error};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::case::{Case, CreateDatabase, NamedDatabase, Step};
use super::{compare, steps};
use crate::support::Server;

/// How long a step may take.
const STEP_MAX: Duration = Duration::from_secs(30);

/// What the steps of a case share.
pub struct World {
    pub group: String,
    pub endpoint: String,
    pub token: String,
    pub clients: Mutex<HashMap<String, Client>>,
    pub saved: Mutex<HashMap<String, String>>,
    /// The case's own server.
    pub server: Arc<tokio::sync::Mutex<Option<Server>>>,
    /// A start that was put off.
    pub starting: Mutex<Option<JoinHandle<()>>>,
}

/// How a step ends that does not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The SDK told an error.
    Sdk(Error),
    /// The case is not as it must be, or this driver cannot run it.
    Case(String),
    /// The error of the caller's own function.
    Own,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sdk(error)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Case(why)
    }
}

/// What a step answers, for `expect`.
pub type Answer = Result<Json, Failure>;

/// The name of the client of steps that name none.
pub const ADMIN: &str = "";

/// Runs a case.
pub async fn case(case: Case, shared: &Server, number: usize) -> Result<(), String> {
    let own = match &case.server {
        Some(flags) => Some(Server::start(flags).await),
        None => None,
    };
    let server = own.as_ref().unwrap_or(shared);
    let admin = server.client();
    let world = Arc::new(World {
        group: format!("case-{number}"),
        endpoint: server.endpoint(),
        token: server.token(),
        clients: Mutex::new(HashMap::from([(ADMIN.to_owned(), admin.clone())])),
        saved: Mutex::default(),
        server: Arc::new(tokio::sync::Mutex::new(own)),
        starting: Mutex::default(),
    });
    let told = |error: Error| error.to_string();
    admin.databases().create_group(&world.group).await.map_err(told)?;
    for database in case.databases {
        let database = match database {
            NamedDatabase::Full(database) => database,
            NamedDatabase::Name(name) => CreateDatabase { name, ..CreateDatabase::default() },
        };
        let create = Step { create_database: Some(database), ..Step::default() };
        step(world.clone(), create).await?;
    }
    for (index, written) in case.steps.into_iter().enumerate() {
        let read = serde_json::from_value(world.fill_in(written));
        let outcome = match read {
            Ok(read) => step(world.clone(), read).await,
            Err(error) => Err(error.to_string()),
        };
        outcome.map_err(|why| format!("step {}: {why}", index + 1))?;
    }
    world.started().await;
    Ok(())
}

/// Runs a step, which must end as it says.
pub fn step(world: Arc<World>, step: Step) -> BoxFuture<'static, Result<(), String>> {
    async move {
        let (expect, error) = (step.expect.clone(), step.error.clone());
        let outcome = timeout(STEP_MAX, steps::run(world, step)).await;
        let outcome = outcome.map_err(|_| "it takes too long".to_owned())?;
        match (outcome, error) {
            (Err(Failure::Case(why)), _) => Err(why),
            (Err(Failure::Own), _) => Err("an error of the caller's own came out".to_owned()),
            (Err(Failure::Sdk(came)), Some(wanted)) => compare::expect_error(&wanted, &came),
            (Err(Failure::Sdk(came)), None) => Err(format!("{came}; {came:?}")),
            (Ok(_), Some(_)) => Err("it succeeds, and should fail".to_owned()),
            (Ok(came), None) => compare::expect(&expect.unwrap_or_else(|| json!({})), &came),
        }
    }
    .boxed()
}

impl World {
    /// The client of a step.
    pub fn client(&self, name: Option<&String>) -> Result<Client, Failure> {
        let name = name.map_or(ADMIN, String::as_str);
        let clients = self.clients.lock().expect("no panic");
        clients.get(name).cloned().ok_or_else(|| format!("there is no client '{name}'").into())
    }

    /// The whole reference of a name.
    pub fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.group)
    }

    /// Waits for a start that was put off.
    pub async fn started(&self) {
        let starting = self.starting.lock().expect("no panic").take();
        if let Some(starting) = starting {
            starting.await.expect("the server starts");
        }
    }

    /// Puts in what `${…}` stands for.
    fn fill_in(&self, written: Json) -> Json {
        match written {
            Json::String(text) => {
                let mut text = text.replace("${group}", &self.group);
                for (name, value) in &*self.saved.lock().expect("no panic") {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
                text.into()
            }
            Json::Array(list) => list.into_iter().map(|item| self.fill_in(item)).collect(),
            Json::Object(map) => {
                map.into_iter().map(|(key, value)| (key, self.fill_in(value))).collect()
            }
            other => other,
        }
    }
}
