//! What a shell keeps between statements: the database, what is attached, and
//! the open transaction.

use std::io::Write;
use std::time::{Duration, Instant};

use tenantry_client::v1::query_response::Part;
use tenantry_client::v1::{
    Attachment, Encoding, ExecuteRequest, QueryHeader, QueryRequest, QueryResponse, ResultSet,
    ResultStats, Statement, TransactBegin, TransactionMode, Value,
};
use tonic::{Status, Streaming};

use super::lift;
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
    /// Whether to say how long each statement took.
    pub(super) is_timed: bool,
    /// How many files read each other now.
    pub(super) depth: u32,
    /// The time that the statement has spent in SQLite.
    in_sqlite: Duration,
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
        Self {
            client,
            database,
            attachments,
            transaction: None,
            mode,
            is_chatty: false,
            is_timed: false,
            depth: 0,
            in_sqlite: Duration::ZERO,
        }
    }

    /// The server.
    pub(super) fn client(&self) -> &'a Client {
        self.client
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

    /// Runs one statement, and says how long it took where that is wanted.
    pub(super) async fn run(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
        if !self.is_timed {
            return self.run_statement(sql, out).await;
        }
        self.in_sqlite = Duration::ZERO;
        let start = Instant::now();
        let outcome = self.run_statement(sql, out).await;
        let (whole, inside) = (milliseconds(start.elapsed()), milliseconds(self.in_sqlite));
        // Beside the rows, which a program may read.
        out.flush()?;
        eprintln!("time: {whole} ms, of which {inside} ms in SQLite");
        outcome
    }

    async fn run_statement(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
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

    /// Runs SQL of the shell itself that returns nothing.
    pub(super) async fn command(&mut self, sql: &str) -> Outcome {
        self.execute(sql).await.map(drop).map_err(Failure::without_sql)
    }

    /// Opens a transaction.
    pub(super) async fn open(&mut self, mode: TransactionMode) -> Outcome {
        let begin = TransactBegin {
            database: self.database.clone(),
            mode: mode.into(),
            attachments: self.attachments.clone(),
            min_generation: 0,
        };
        self.transaction = Some(Transaction::begin(self.client, begin).await?);
        Ok(())
    }

    /// Commits the open transaction.
    pub(super) async fn commit(&mut self) -> Outcome {
        match self.transaction.take() {
            Some(transaction) => transaction.commit().await,
            None => Ok(()),
        }
    }

    async fn begin(&mut self, mode: TransactionMode, out: &mut dyn Write) -> Outcome {
        self.open(mode).await?;
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
        self.send(lift::statement(sql)).await
    }

    /// Sends a statement to where statements go now.
    pub(super) async fn send(&mut self, statement: Statement) -> Result<Vec<ResultSet>, Failure> {
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

    /// Streams the rows of one statement to the user.
    async fn query(&mut self, sql: &str, out: &mut dyn Write) -> Outcome {
        let mut rows = self.ask(sql).await?;
        let header = rows.header().await?;
        let mut writer = RowWriter::begin(out, self.mode, &header.columns)?;
        while let Some(chunk) = rows.next().await? {
            for row in &chunk {
                writer.row(out, row)?;
            }
            out.flush()?;
        }
        self.add_time(rows.stats.as_ref());
        let count = writer.end(out)?;
        self.say_rows(count, out)
    }

    /// Streams the rows of SQL of the shell itself.
    pub(super) async fn stream(
        &mut self,
        sql: &str,
        mut take: impl FnMut(Vec<Value>) -> Outcome,
    ) -> Outcome {
        let mut rows = self.ask(sql).await.map_err(Failure::without_sql)?;
        rows.header().await.map_err(Failure::without_sql)?;
        while let Some(chunk) = rows.next().await.map_err(Failure::without_sql)? {
            chunk.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    }

    async fn ask(&self, sql: &str) -> Result<Rows, Failure> {
        let request = QueryRequest {
            database: self.database.clone(),
            statement: Some(lift::statement(sql)),
            attachments: self.attachments.clone(),
            encoding: Encoding::Rows.into(),
            min_generation: 0,
        };
        let refused = |status: Status| Failure::Sql(Box::new(status), sql.to_owned());
        let parts = self.client.query().query(request).await.map_err(refused)?.into_inner();
        Ok(Rows { parts, sql: sql.to_owned(), stats: None })
    }

    fn add_time(&mut self, stats: Option<&ResultStats>) {
        let spent = stats.and_then(|stats| stats.duration.as_ref());
        let spent = spent.and_then(|spent| Duration::try_from(*spent).ok());
        self.in_sqlite += spent.unwrap_or_default();
    }

    fn print(&mut self, results: &[ResultSet], out: &mut dyn Write) -> Outcome {
        for result in results {
            self.add_time(result.stats.as_ref());
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
    pub(super) fn say(&self, message: &str, out: &mut dyn Write) -> Outcome {
        if self.is_chatty && self.mode == Mode::Table {
            writeln!(out, "{message}")?;
        }
        Ok(out.flush()?)
    }
}

/// A result as it comes.
struct Rows {
    parts: Streaming<QueryResponse>,
    sql: String,
    /// What it cost, at its end.
    stats: Option<ResultStats>,
}

impl Rows {
    async fn part(&mut self) -> Result<Part, Failure> {
        let message = self.parts.message().await;
        let message = message.map_err(|status| Failure::Sql(Box::new(status), self.sql.clone()))?;
        message.and_then(|message| message.part).ok_or_else(Failure::incomplete)
    }

    async fn header(&mut self) -> Result<QueryHeader, Failure> {
        match self.part().await? {
            Part::Header(header) => Ok(header),
            Part::Rows(_) | Part::Columns(_) | Part::Summary(_) => Err(Failure::incomplete()),
        }
    }

    /// Some rows; `None` at the end, when all of them have come.
    async fn next(&mut self) -> Result<Option<Vec<Vec<Value>>>, Failure> {
        // A server that is faster than the terminal always has more: without this
        // nobody would look whether Ctrl-C was pressed.
        tokio::task::yield_now().await;
        match self.part().await? {
            Part::Rows(chunk) => Ok(Some(chunk.rows.into_iter().map(|row| row.values).collect())),
            Part::Summary(summary) => {
                self.stats = summary.stats;
                Ok(None)
            }
            Part::Header(_) | Part::Columns(_) => Err(Failure::incomplete()),
        }
    }
}

/// As people read it.
fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1_000.0)
}

/// A database under its name or UUID, as it is named.
fn attachment(main: &str, named: &str) -> Attachment {
    let alias = named.rsplit('/').next().unwrap_or_default().to_owned();
    Attachment { database: parse::in_group_of(main, named), alias }
}
