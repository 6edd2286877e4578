//! What a shell keeps between statements: the database, what is attached, and
//! the open transaction.

use std::io::Write;

use tenantry_client::v1::query_response::Part;
use tenantry_client::v1::{
    Attachment, Encoding, ExecuteRequest, QueryRequest, ResultSet, Statement, TransactBegin,
    TransactionMode, Value,
};
use tonic::Status;

use super::statements::{self, Action};
use super::transaction::Transaction;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Mode, RowWriter};
use crate::cli::parse;

/// A shell on one database.
pub(super) struct Session<'a> {
    client: &'a Client,
    database: String,
    attachments: Vec<Attachment>,
    transaction: Option<Transaction>,
    /// How rows are shown.
    pub(super) mode: Mode,
    /// Whether to say what a statement did that returns no rows.
    pub(super) is_chatty: bool,
}

impl<'a> Session<'a> {
    /// A shell on `database`, with others attached under their names.
    pub(super) fn new(
        client: &'a Client,
        database: String,
        attach: Vec<String>,
        mode: Mode,
    ) -> Self {
        let attachments = attach.iter().map(|named| attachment(&database, named)).collect();
        Self { client, database, attachments, transaction: None, mode, is_chatty: false }
    }

    /// The database, as it was named.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// What is attached.
    pub(super) fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Whether a transaction is open.
    pub(super) fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Rolls an open transaction back by letting it go. A statement that was
    /// given up half way leaves its stream unusable, so this ends it too.
    pub(super) fn abandon(&mut self) {
        self.transaction = None;
    }

    /// Runs a text as one unit: all of it or nothing, unless it manages its own
    /// transactions.
    pub(super) async fn run_script(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
        let input = statements::split(sql);
        let mut attached = 0;
        let mut last = None;
        for statement in input.statements.into_iter().chain([input.rest]) {
            match statements::action(statement) {
                _ if statement.is_empty() => {}
                Action::Attach { database, alias } if last.is_none() => {
                    self.attach(&database, alias);
                    attached += 1;
                }
                Action::Query if last.is_none() => last = Some(statement),
                // More than attaching and then one query: the server takes the
                // text as it is.
                _ => {
                    self.attachments.truncate(self.attachments.len() - attached);
                    last = None;
                    break;
                }
            }
        }
        match last {
            Some(query) => self.query(query, out).await,
            None => {
                let results = self.execute(sql).await?;
                self.print(&results, out)
            }
        }
    }

    /// Runs one statement.
    pub(super) async fn run(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
        let action = statements::action(sql);
        let is_open = self.transaction.is_some();
        match action {
            Action::Begin(mode) if !is_open => self.begin(mode, out).await,
            Action::Commit if is_open => self.finish(true, out).await,
            Action::Rollback if is_open => self.finish(false, out).await,
            Action::Attach { database, alias } => {
                // The server judges it; what it accepts goes with each later call.
                self.execute(sql).await?;
                self.attach(&database, alias);
                self.say("attached", out)
            }
            Action::Detach { alias } if !is_open && self.position(&alias).is_some() => {
                self.attachments
                    .retain(|attachment| !attachment.alias.eq_ignore_ascii_case(&alias));
                self.say("detached", out)
            }
            Action::Query if !is_open => self.query(sql, out).await,
            Action::Begin(_)
            | Action::Commit
            | Action::Rollback
            | Action::Detach { .. }
            | Action::Query
            | Action::Execute => {
                let results = self.execute(sql).await?;
                self.print(&results, out)
            }
        }
    }

    /// Runs SQL of the shell itself and returns its rows.
    pub(super) async fn rows(
        &mut self,
        sql: &str,
        args: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, Failure> {
        let results =
            self.send(Statement { sql: sql.to_owned(), args, ..Statement::default() }).await?;
        Ok(results.into_iter().flat_map(|result| result.rows).map(|row| row.values).collect())
    }

    fn attach(&mut self, database: &str, alias: String) {
        let database = parse::in_group_of(&self.database, database);
        self.attachments.push(Attachment { database, alias });
    }

    fn position(&self, alias: &str) -> Option<usize> {
        self.attachments.iter().position(|attachment| attachment.alias.eq_ignore_ascii_case(alias))
    }

    async fn begin(&mut self, mode: TransactionMode, out: &mut dyn Write) -> Outcome {
        let begin = TransactBegin {
            database: self.database.clone(),
            mode: mode.into(),
            attachments: self.attachments.clone(),
            min_generation: 0,
        };
        self.transaction = Some(Transaction::begin(self.client, begin).await?);
        self.say("transaction open; the server rolls it back when it is left waiting", out)
    }

    async fn finish(&mut self, is_commit: bool, out: &mut dyn Write) -> Outcome {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        if is_commit {
            transaction.commit().await?;
            self.say("committed", out)
        } else {
            transaction.rollback().await?;
            self.say("rolled back", out)
        }
    }

    async fn execute(&mut self, sql: &str) -> Result<Vec<ResultSet>, Failure> {
        self.send(Statement { sql: sql.to_owned(), ..Statement::default() }).await
    }

    /// Sends a statement to where statements go now.
    async fn send(&mut self, statement: Statement) -> Result<Vec<ResultSet>, Failure> {
        let sql = statement.sql.clone();
        let refused = |status: Status| Failure::Sql(Box::new(status), sql);
        if let Some(transaction) = &mut self.transaction {
            return match transaction.execute(statement).await {
                Ok(outcome) => outcome.map_err(refused),
                Err(failure) => {
                    self.transaction = None;
                    Err(failure)
                }
            };
        }
        let request = ExecuteRequest {
            database: self.database.clone(),
            statement: Some(statement),
            attachments: self.attachments.clone(),
            min_generation: 0,
        };
        let response = self.client.query().execute(request).await.map_err(refused)?;
        Ok(response.into_inner().results)
    }

    /// Streams the rows of one statement.
    async fn query(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
        let refused = |status: Status| Failure::Sql(Box::new(status), sql.to_owned());
        let request = QueryRequest {
            database: self.database.clone(),
            statement: Some(Statement { sql: sql.to_owned(), ..Statement::default() }),
            attachments: self.attachments.clone(),
            encoding: Encoding::Rows.into(),
            min_generation: 0,
        };
        let mut parts = self.client.query().query(request).await.map_err(refused)?.into_inner();
        let mut writer = None;
        while let Some(message) = parts.message().await.map_err(refused)? {
            match (message.part, &mut writer) {
                (Some(Part::Header(header)), None) => {
                    writer = Some(RowWriter::begin(out, self.mode, &header.columns)?);
                }
                (Some(Part::Rows(chunk)), Some(writer)) => {
                    for row in &chunk.rows {
                        writer.row(out, &row.values)?;
                    }
                    out.flush()?;
                }
                (Some(Part::Summary(_)), Some(_)) => {
                    let count = writer.take().map(|writer| writer.end(out)).transpose()?;
                    return self.say_rows(count.unwrap_or(0), out);
                }
                _ => break,
            }
        }
        Err(Failure::incomplete())
    }

    fn print(&self, results: &[ResultSet], out: &mut dyn Write) -> Outcome {
        for result in results {
            if result.columns.is_empty() {
                match result.affected_row_count {
                    0 => self.say("done", out)?,
                    1 => self.say("1 row changed", out)?,
                    count => self.say(&format!("{count} rows changed"), out)?,
                }
                continue;
            }
            let mut writer = RowWriter::begin(out, self.mode, &result.columns)?;
            for row in &result.rows {
                writer.row(out, &row.values)?;
            }
            let count = writer.end(out)?;
            self.say_rows(count, out)?;
        }
        Ok(out.flush()?)
    }

    fn say_rows(&self, count: u64, out: &mut dyn Write) -> Outcome {
        let rows = if count == 1 { "row" } else { "rows" };
        self.say(&format!("({count} {rows})"), out)
    }

    /// Tells a person at a prompt what happened. A program reads only rows.
    fn say(&self, message: &str, out: &mut dyn Write) -> Outcome {
        if self.is_chatty && self.mode == Mode::Table {
            writeln!(out, "{message}")?;
        }
        Ok(out.flush()?)
    }
}

/// A database under its name or UUID, as it is named.
fn attachment(main: &str, named: &str) -> Attachment {
    let alias = named.rsplit('/').next().unwrap_or_default().to_owned();
    Attachment { database: parse::in_group_of(main, named), alias }
}
