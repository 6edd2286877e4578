//! A database under a token, spoken to in SQL and answered in rows.

use tonic::Status;

use super::cells::{Cell, Sql, cells_of, text};
use super::client::Client;
use super::stream::RowStream;
use super::tx::Tx;
use super::v1::{self, Encoding, TransactionMode};
use super::wait::bounded;

/// A database, the token that it is spoken to with, and what is attached.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    client: Client,
    reference: String,
    id: String,
    attachments: Vec<v1::Attachment>,
}

impl Db {
    /// A database by its reference; `id` is empty where it is not known.
    pub(crate) fn new(client: Client, reference: String, id: String) -> Self {
        Self { client, reference, id, attachments: Vec::new() }
    }

    /// The same database under another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { client: self.client.with_token(token), ..self.clone() }
    }

    /// The same database through a connection of its own.
    pub(crate) fn apart(&self) -> Self {
        Self { client: self.client.apart(), ..self.clone() }
    }

    /// The same database with another one attached: by its name or UUID in the
    /// same group, or by a reference.
    pub(crate) fn attach(&self, database: &str, alias: &str) -> Self {
        let (group, _) = self.reference.split_once('/').expect("a reference has a group");
        match database.contains('/') {
            true => self.attach_as_written(database, alias),
            false => self.attach_as_written(&format!("{group}/{database}"), alias),
        }
    }

    /// The same with the word as it is written.
    pub(crate) fn attach_as_written(&self, database: &str, alias: &str) -> Self {
        let mut with = self.clone();
        with.attachments.push(v1::Attachment { database: database.into(), alias: alias.into() });
        with
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// `group/name`
    pub(crate) fn reference(&self) -> &str {
        &self.reference
    }

    /// The name in its group.
    pub(crate) fn name(&self) -> &str {
        self.reference.rsplit('/').next().expect("a reference has a name")
    }

    /// The UUID.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The request that runs `sql`.
    pub(crate) fn request(&self, sql: impl Into<Sql>) -> v1::ExecuteRequest {
        v1::ExecuteRequest {
            database: self.reference.clone(),
            statement: Some(sql.into().0),
            attachments: self.attachments.clone(),
            ..Default::default()
        }
    }

    /// Runs SQL by `Execute`.
    pub(crate) async fn try_exec(&self, sql: impl Into<Sql>) -> Result<Vec<v1::ResultSet>, Status> {
        let response = bounded("Execute", self.client.query().execute(self.request(sql))).await?;
        Ok(response.into_inner().results)
    }

    /// Runs SQL by `Execute`; it must succeed.
    #[track_caller]
    pub(crate) fn exec<S: Into<Sql>>(
        &self,
        sql: S,
    ) -> impl Future<Output = Vec<v1::ResultSet>> + use<S> {
        let caller = std::panic::Location::caller();
        let (db, sql) = (self.clone(), sql.into());
        async move {
            let shown: String = sql.0.sql.chars().take(500).collect();
            db.try_exec(sql).await.unwrap_or_else(|status| panic!("{caller}: {shown}: {status:?}"))
        }
    }

    /// The rows of the last statement of some SQL.
    #[track_caller]
    pub(crate) fn rows<S: Into<Sql>>(
        &self,
        sql: S,
    ) -> impl Future<Output = Vec<Vec<Cell>>> + use<S> {
        let results = self.exec(sql);
        async move { cells_of(results.await.pop().expect("a statement").rows) }
    }

    /// The same as text: a line each, cells apart by `|`.
    #[track_caller]
    pub(crate) fn text<S: Into<Sql>>(&self, sql: S) -> impl Future<Output = String> + use<S> {
        let rows = self.rows(sql);
        async move { text(&rows.await) }
    }

    /// The rows, or the error, as [`Db::text`] has them.
    pub(crate) async fn try_text(&self, sql: impl Into<Sql>) -> Result<String, Status> {
        let mut results = self.try_exec(sql).await?;
        Ok(text(&cells_of(results.pop().expect("a statement").rows)))
    }

    /// The request that streams `sql`.
    pub(crate) fn query_request(
        &self,
        sql: impl Into<Sql>,
        encoding: Encoding,
    ) -> v1::QueryRequest {
        v1::QueryRequest {
            database: self.reference.clone(),
            statement: Some(sql.into().0),
            attachments: self.attachments.clone(),
            encoding: encoding.into(),
            ..Default::default()
        }
    }

    /// Opens a stream by `Query` and awaits its header.
    pub(crate) async fn stream(
        &self,
        sql: impl Into<Sql>,
        encoding: Encoding,
    ) -> Result<RowStream, Status> {
        RowStream::open(&self.client, self.query_request(sql, encoding)).await
    }

    /// All rows by `Query`.
    pub(crate) async fn streamed(
        &self,
        sql: impl Into<Sql>,
        encoding: Encoding,
    ) -> Result<Vec<Vec<Cell>>, Status> {
        self.stream(sql, encoding).await?.all().await
    }

    /// Runs steps by `ExecuteBatch`.
    pub(crate) async fn batch(
        &self,
        mode: TransactionMode,
        steps: Vec<v1::BatchStep>,
    ) -> Result<Vec<v1::StepResult>, Status> {
        let request = v1::ExecuteBatchRequest {
            database: self.reference.clone(),
            steps,
            mode: mode.into(),
            attachments: self.attachments.clone(),
            ..Default::default()
        };
        let response = bounded("ExecuteBatch", self.client.query().execute_batch(request)).await?;
        Ok(response.into_inner().results)
    }

    /// Describes a statement.
    pub(crate) async fn describe(&self, sql: &str) -> Result<v1::DescribeResponse, Status> {
        let request = v1::DescribeRequest {
            database: self.reference.clone(),
            sql: sql.to_owned(),
            attachments: self.attachments.clone(),
        };
        let response = bounded("Describe", self.client.query().describe(request)).await?;
        Ok(response.into_inner())
    }

    /// Starts a transaction on a stream of its own.
    pub(crate) async fn try_begin(&self, mode: TransactionMode) -> Result<Tx, Status> {
        let begin = v1::TransactBegin {
            database: self.reference.clone(),
            mode: mode.into(),
            attachments: self.attachments.clone(),
            ..Default::default()
        };
        Tx::begin(&self.client, begin).await
    }

    /// Starts a transaction; it must succeed.
    #[track_caller]
    pub(crate) fn begin(&self, mode: TransactionMode) -> impl Future<Output = Tx> + use<> {
        let caller = std::panic::Location::caller();
        let db = self.clone();
        async move {
            let tx = db.try_begin(mode).await;
            tx.unwrap_or_else(|status| panic!("{caller}: begin: {status:?}"))
        }
    }

    /// Everything in the database, as text: tells whether anything changed.
    pub(crate) async fn digest(&self) -> String {
        let tables = self
            .rows(
                "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
            )
            .await;
        let mut all = text(&tables);
        for table in tables.iter().filter(|row| row[1].to_string().starts_with("CREATE TABLE")) {
            all += &format!("\n{}:\n", table[0]);
            all += &self.text(format!("SELECT * FROM \"{}\" ORDER BY 1", table[0])).await;
        }
        all
    }
}
