//! The operations of steps, by the public API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rustix::process::Signal;
use serde_json::{Value as Json, json};
use tenantry_client::{
    Access, Args, Attach, ChildState, Client, CreateDatabase as Creation, Database, DatabaseInfo,
    DatabaseKind, Encoding, IntoArgs as _, Migration, RetryPolicy, Statement, TransactionMode,
    Value, WaitFor,
};
use tokio::time::{sleep, timeout};

use super::case::{
    Attached, Batch, BatchStatement, Cancel, Close, Connect, CreateDatabase, CreateToken, Execute,
    Interfere, ListDatabases, Migrate, Query, ServerStep, Step, Transaction, UpdateDatabase,
};
use super::compare;
use super::run::{Answer, Failure, World, step};

/// How long a call in flight is given before its client is closed.
const IN_FLIGHT: Duration = Duration::from_millis(200);

/// Runs the operation of a step, which may have other steps in it.
pub fn run(world: Arc<World>, step: Step) -> BoxFuture<'static, Answer> {
    operation(world, step).boxed()
}

async fn operation(world: Arc<World>, step: Step) -> Answer {
    let w = &world;
    if let Some(connect) = step.connect {
        return self::connect(w, connect);
    }
    if let Some(server) = step.server {
        return self::server(w, server).await;
    }
    let mut client = world.client(step.client.as_ref())?;
    let limit = step.timeout_ms.map(Duration::from_millis);
    if let Some(limit) = limit {
        client = client.with_timeout(limit);
    }
    let databases = client.databases();
    let name = |name: &str| world.reference(name);
    if let Some(it) = step.execute {
        execute(w, &client, it, limit, step.idempotent).await
    } else if let Some(it) = step.batch {
        batch(w, &client, it, step.idempotent).await
    } else if let Some(it) = step.query {
        query(w, &client, it, limit, step.idempotent).await
    } else if let Some(it) = step.transaction {
        transaction(w, &client, it).await
    } else if let Some(it) = step.create_database {
        create_database(databases.create(name(&it.name)), it).await
    } else if let Some(it) = step.branch_database {
        let call = databases.branch(name(&it.source), &it.database.name);
        create_database(call, it.database).await
    } else if let Some(it) = step.get_database {
        Ok(database(&databases.get(name(&it.name)).await?))
    } else if let Some(it) = step.update_database {
        update_database(w, &client, it).await
    } else if let Some(it) = step.delete_database {
        Ok(database(&databases.delete(name(&it.name)).await?))
    } else if let Some(it) = step.undelete_database {
        Ok(database(&databases.undelete(name(&it.name)).await?))
    } else if let Some(it) = step.list_databases {
        list_databases(w, &client, it).await
    } else if let Some(it) = step.create_token {
        create_token(w, &client, it).await
    } else if let Some(it) = step.revoke_token {
        client.tokens().revoke(it.id).await?;
        Ok(json!({}))
    } else if let Some(it) = step.migrate {
        migrate(w, &client, it).await
    } else if let Some(it) = step.get_schema {
        let schema = client.schema().get_schema(name(&it.schema)).await?;
        Ok(json!({"generation": schema.generation, "sql": schema.ddl}))
    } else if let Some(it) = step.list_children {
        let size = it.page_size.unwrap_or_default();
        let list = client.schema().children_in(name(&it.schema), ChildState::Unspecified, size);
        let names = list.all().await?.into_iter().map(|child| child.name);
        Ok(json!({"names": names.collect::<Vec<_>>()}))
    } else if let Some(it) = step.list_migrations {
        let list = client.schema().list(name(&it.schema)).all().await?;
        Ok(json!({"states": list.iter().map(state).collect::<Vec<_>>()}))
    } else if let Some(it) = step.cancel {
        cancel(&world, it, step.client).await
    } else if let Some(it) = step.close {
        close(&world, &client, it, step.client).await
    } else {
        Err("the step has no operation".to_owned().into())
    }
}

fn connect(world: &World, connect: Connect) -> Answer {
    let endpoint = connect.endpoint.unwrap_or_else(|| world.endpoint.clone());
    let mut builder = Client::builder(endpoint);
    builder = match connect.tokens {
        None => builder.token(connect.token.unwrap_or_else(|| world.token.clone())),
        Some(tokens) => {
            let next = AtomicUsize::new(0);
            builder.token_callback(move || {
                let turn = next.fetch_add(1, Ordering::Relaxed).min(tokens.len() - 1);
                let token = tokens[turn].clone();
                async move { Ok::<_, std::io::Error>(token) }
            })
        }
    };
    if let Some(max_attempts) = connect.attempts {
        builder = builder.retry(RetryPolicy { max_attempts, ..RetryPolicy::default() });
    }
    world.clients.lock().expect("no panic").insert(connect.name, builder.build()?);
    Ok(json!({}))
}

async fn server(world: &World, what: ServerStep) -> Answer {
    world.started().await;
    let what = match what {
        ServerStep::Do(what) => what,
        ServerStep::Later(later) => {
            let server = world.server.clone();
            let starting = tokio::spawn(async move {
                sleep(Duration::from_millis(later.start_after_ms)).await;
                server.lock().await.as_mut().expect("a server of the case's own").begin().await;
            });
            *world.starting.lock().expect("no panic") = Some(starting);
            return Ok(json!({}));
        }
    };
    let mut server = world.server.lock().await;
    let server = server.as_mut().ok_or_else(|| "the case has no server".to_owned())?;
    match what.as_str() {
        "stop" => server.end(Signal::TERM).await,
        "kill" => server.end(Signal::KILL).await,
        "start" => server.begin().await,
        "restart" => {
            server.end(Signal::TERM).await;
            server.begin().await;
        }
        other => return Err(format!("the server cannot '{other}'").into()),
    }
    Ok(json!({}))
}

fn args(
    positional: Option<Vec<Json>>,
    named: Option<BTreeMap<String, Json>>,
) -> Result<Args, Failure> {
    match (positional, named) {
        (Some(_), Some(_)) => Err("args and named exclude each other".to_owned().into()),
        (None, Some(named)) => {
            let named = named.iter().map(|(name, value)| Ok((name, compare::to_value(value)?)));
            Ok(Args::named(named.collect::<Result<Vec<_>, String>>()?))
        }
        (positional, None) => {
            let values = positional.unwrap_or_default();
            let values: Result<Vec<Value>, String> = values.iter().map(compare::to_value).collect();
            Ok(values?.into_args())
        }
    }
}

fn open(world: &World, client: &Client, name: &str, attach: Vec<Attached>) -> Database {
    attach.into_iter().fold(client.database(world.reference(name)), |database, attached| {
        database.attach(match attached {
            Attached::Name(name) => Attach::from(world.reference(&name)),
            Attached::Alias { database, alias } => {
                Attach::with_alias(world.reference(&database), alias)
            }
        })
    })
}

async fn execute(
    world: &World,
    client: &Client,
    it: Execute,
    limit: Option<Duration>,
    idempotent: bool,
) -> Answer {
    let database = open(world, client, &it.database, it.attach);
    let mut call = database.execute(it.sql, args(it.args, it.named)?);
    if let Some(generation) = it.min_generation {
        call = call.min_generation(generation);
    }
    if let Some(limit) = limit {
        call = call.timeout(limit);
    }
    if idempotent {
        call = call.idempotent();
    }
    Ok(executed(&call.await?))
}

fn executed(result: &tenantry_client::ExecuteResult) -> Json {
    let mut answer = compare::result(result);
    answer["generation"] = json!(result.generation());
    answer["results"] = result.results().iter().map(compare::result).collect();
    if let Some(row) = result.rows().first() {
        answer["first"] = compare::by_name(row);
    }
    answer
}

async fn batch(world: &World, client: &Client, it: Batch, idempotent: bool) -> Answer {
    let statements = it.statements.into_iter().map(|statement| match statement {
        BatchStatement::Sql(sql) => Ok(Statement::from(sql)),
        BatchStatement::WithArgs(it) => Ok(Statement::new(it.sql, args(it.args, it.named)?)),
    });
    let statements = statements.collect::<Result<Vec<_>, Failure>>()?;
    let mut call = open(world, client, &it.database, it.attach).batch(statements);
    if let Some(mode) = it.mode {
        call = call.mode(transaction_mode(&mode)?);
    }
    if idempotent {
        call = call.idempotent();
    }
    let answer = call.await?;
    let results = (0..answer.results.len()).map(|step| answer.done(step).map(compare::result));
    Ok(json!({"results": results.collect::<Vec<_>>(), "generation": answer.generation}))
}

async fn query(
    world: &Arc<World>,
    client: &Client,
    it: Query,
    limit: Option<Duration>,
    idempotent: bool,
) -> Answer {
    let database = open(world, client, &it.database, it.attach);
    let mut call = database.query(it.sql, args(it.args, it.named)?);
    if let Some(encoding) = it.encoding {
        let encoding = Encoding::from_str_name(&format!("ENCODING_{encoding}"));
        call = call.encoding(encoding.ok_or_else(|| "unknown encoding".to_owned())?);
    }
    if let Some(generation) = it.min_generation {
        call = call.min_generation(generation);
    }
    if let Some(limit) = limit {
        call = call.timeout(limit);
    }
    if idempotent {
        call = call.idempotent();
    }
    let mut rows = call.await?;
    let mut read = Vec::new();
    let mut interfere = it.interfere;
    while it.take.is_none_or(|take| read.len() < take)
        && let Some(row) = rows.next_row().await?
    {
        read.push(row);
        if let Some(interfere) = interfere.take() {
            self::interfere(world, &it.database, interfere).await?;
        }
        // An endless stream that is cut is not kept whole.
        if read.len() > 1_000_000 {
            read.clear();
        }
    }
    let mut answer = json!({
        "columns": compare::columns(rows.columns()),
        "generation": rows.generation(),
        "row_count": read.len(),
        "rows": if read.len() > 1000 { Json::Null } else { read.iter().map(compare::row).collect() },
    });
    if let Some(row) = read.last() {
        answer["last_row"] = compare::row(row);
        answer["first"] = compare::by_name(&read[0]);
    }
    Ok(answer)
}

async fn interfere(world: &Arc<World>, database: &str, what: Interfere) -> Result<(), Failure> {
    let steps = match what {
        Interfere::Steps(steps) => steps,
        Interfere::Sql(sql) => {
            let execute = Execute { database: database.to_owned(), sql, ..Execute::default() };
            vec![Step { execute: Some(execute), ..Step::default() }]
        }
    };
    for one in steps {
        step(world.clone(), one).await.map_err(|why| format!("interfere: {why}"))?;
    }
    Ok(())
}

async fn transaction(world: &Arc<World>, client: &Client, it: Transaction) -> Answer {
    let fails = match it.end.as_deref() {
        None | Some("commit") => false,
        Some("fail") => true,
        Some(other) => return Err(format!("a transaction cannot end by '{other}'").into()),
    };
    let mode = it.mode.as_deref().map(transaction_mode).transpose()?;
    let database = open(world, client, &it.database, it.attach);
    let attempts = Arc::new(AtomicUsize::new(0));
    let interfered = Arc::new(AtomicBool::new(it.interfere.is_none()));
    let (counted, world, name) = (attempts.clone(), world.clone(), it.database);
    let (steps, interfering) = (it.steps, it.interfere);
    let mut call = database.transaction(move |tx: tenantry_client::Transaction| {
        counted.fetch_add(1, Ordering::Relaxed);
        let (world, name, steps) = (world.clone(), name.clone(), steps.clone());
        let interfering = interfering.clone();
        let interfered = interfered.clone();
        async move {
            for step in steps {
                in_transaction(&tx, step).await?;
                if !interfered.swap(true, Ordering::Relaxed)
                    && let Some(interfering) = interfering.clone()
                {
                    interfere(&world, &name, interfering).await?;
                }
            }
            if fails { Err(Failure::Own) } else { Ok(()) }
        }
    });
    if let Some(mode) = mode {
        call = call.mode(mode);
    }
    match call.await {
        Ok(()) => {}
        Err(Failure::Own) if fails => {}
        Err(error) => return Err(error),
    }
    Ok(json!({"attempts": attempts.load(Ordering::Relaxed)}))
}

async fn in_transaction(tx: &tenantry_client::Transaction, step: Step) -> Result<(), Failure> {
    let it = step.execute.ok_or_else(|| "only execute can be in a transaction".to_owned())?;
    match (tx.execute(it.sql, args(it.args, it.named)?).await, step.error) {
        (Err(came), Some(wanted)) => Ok(compare::expect_error(&wanted, &came)?),
        (Err(came), None) => Err(came.into()),
        (Ok(_), Some(_)) => Err("it succeeds, and should fail".to_owned().into()),
        (Ok(came), None) => {
            let expect = step.expect.unwrap_or_else(|| json!({}));
            Ok(compare::expect(&expect, &executed(&came))?)
        }
    }
}

fn transaction_mode(name: &str) -> Result<TransactionMode, Failure> {
    let mode = TransactionMode::from_str_name(&format!("TRANSACTION_MODE_{name}"));
    mode.ok_or_else(|| format!("there is no mode {name}").into())
}

fn kind(name: &str) -> Result<DatabaseKind, Failure> {
    let kind = DatabaseKind::from_str_name(&format!("DATABASE_KIND_{name}"));
    kind.ok_or_else(|| format!("there is no kind {name}").into())
}

fn database(database: &DatabaseInfo) -> Json {
    json!({
        "name": database.name,
        "kind": database.kind().as_str_name().trim_start_matches("DATABASE_KIND_"),
        "schema": database.schema,
        "generation": database.generation,
        "allow_attach": database.allow_attach,
        "labels": database.labels,
    })
}

async fn create_database(mut call: Creation, it: CreateDatabase) -> Answer {
    if let Some(kind) = it.kind {
        call = call.kind(self::kind(&kind)?);
    }
    if let Some(schema) = it.schema {
        call = call.schema(schema);
    }
    if let Some(allow) = it.allow_attach {
        call = call.allow_attach(allow);
    }
    if let Some(id) = it.request_id {
        call = call.request_id(id);
    }
    let call = it.labels.into_iter().fold(call, |call, (key, value)| call.label(key, value));
    Ok(database(&call.await?))
}

async fn update_database(world: &World, client: &Client, it: UpdateDatabase) -> Answer {
    let mut call = client.databases().update(world.reference(&it.name));
    if let Some(allow) = it.set.allow_attach {
        call = call.allow_attach(allow);
    }
    if let Some(protect) = it.set.delete_protection {
        call = call.delete_protection(protect);
    }
    if let Some(block) = it.set.block_reads {
        call = call.block_reads(block);
    }
    if let Some(block) = it.set.block_writes {
        call = call.block_writes(block);
    }
    if let Some(labels) = it.set.labels {
        call = call.labels(labels);
    }
    Ok(database(&call.await?))
}

async fn list_databases(world: &World, client: &Client, it: ListDatabases) -> Answer {
    let mut list = client.databases().list().group(&world.group);
    if let Some(kind) = it.kind {
        list = list.kind(self::kind(&kind)?);
    }
    if let Some(size) = it.page_size {
        list = list.page_size(size);
    }
    let list = it.labels.into_iter().fold(list, |list, (key, value)| list.label(key, value));
    let names = list.pages().all().await?.into_iter().map(|database| database.name);
    Ok(json!({"names": names.collect::<Vec<_>>()}))
}

async fn create_token(world: &World, client: &Client, it: CreateToken) -> Answer {
    let mut call = client.tokens().create();
    for name in it.databases {
        call = call.database(world.reference(&name));
    }
    for name in it.attach {
        call = call.attach(world.reference(&name));
    }
    if let Some(access) = it.access {
        let access = Access::from_str_name(&format!("ACCESS_{access}"));
        call = call.access(access.ok_or_else(|| "unknown access".to_owned())?);
    }
    if let Some(ttl) = it.ttl_ms {
        call = call.ttl(Duration::from_millis(ttl));
    }
    let created = call.await?;
    let mut saved = world.saved.lock().expect("no panic");
    saved.insert(format!("{}_id", it.save), created.metadata.unwrap_or_default().id);
    saved.insert(it.save, created.token);
    Ok(json!({}))
}

fn state(migration: &Migration) -> String {
    migration.state().as_str_name().trim_start_matches("MIGRATION_STATE_").to_owned()
}

async fn migrate(world: &World, client: &Client, it: Migrate) -> Answer {
    let reference = world.reference(&it.schema);
    if it.validate_only {
        let (migration, report) = client.schema().validate(reference, it.sql).await?;
        let failures = report.failures.into_iter().map(|failure| failure.database);
        return Ok(json!({
            "state": state(&migration),
            "generation": migration.generation,
            "failures": failures.collect::<Vec<_>>(),
        }));
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let mut call = client.schema().migrate(reference, it.sql).on_progress(move |migration| {
        telling.lock().expect("no panic").push(state(migration));
    });
    if let Some(wait_for) = it.wait_for {
        let wait_for = WaitFor::from_str_name(&format!("WAIT_FOR_{wait_for}"));
        call = call.wait_for(wait_for.ok_or_else(|| "unknown wait_for".to_owned())?);
    }
    if let Some(generation) = it.expected_generation {
        call = call.expected_generation(generation);
    }
    if let Some(id) = it.request_id {
        call = call.request_id(id);
    }
    let migration = call.await?;
    let progress = told.lock().expect("no panic").last() == Some(&state(&migration));
    Ok(json!({
        "state": state(&migration),
        "generation": migration.generation,
        "progress": progress,
    }))
}

async fn cancel(world: &Arc<World>, it: Cancel, client: Option<String>) -> Answer {
    let call = Step { client, ..*it.call };
    let running = Box::pin(run(world.clone(), call));
    // To drop the future of a call is to cancel it.
    match timeout(Duration::from_millis(it.after_ms), running).await {
        Ok(outcome) => Err(format!("it ended before it was cancelled: {outcome:?}").into()),
        Err(_) => Err(tenantry_client::Error::from(tonic::Status::cancelled("dropped")).into()),
    }
}

async fn close(world: &Arc<World>, client: &Client, it: Close, name: Option<String>) -> Answer {
    let Some(in_flight) = it.in_flight else {
        client.close();
        return Ok(json!({}));
    };
    let call = Step { client: name, ..*in_flight };
    let running = tokio::spawn(run(world.clone(), call));
    sleep(IN_FLIGHT).await;
    client.close();
    running.await.map_err(|error| error.to_string())?
}
