//! Requests with SQL in them, from messages to what the product calls them.

use tenantry_client::v1;
use tenantry_client::v1::value::Kind;

use crate::error::{Error, Result};
use crate::names::{Alias, DatabaseRef, Generation};
use crate::query::{AttachmentSpec, Target};
use crate::storage::{Args, Condition, Mode, Sql, Step, Value};

/// The most steps of a batch.
const STEPS_MAX: usize = 1_000;
/// How deep conditions may be nested.
const CONDITION_DEPTH_MAX: usize = 16;
/// The most conditions of a batch.
const CONDITIONS_MAX: usize = 1_000;

/// What a request names. Errors: `INVALID_NAME`, `INVALID_ATTACHMENT`.
pub(super) fn target(
    database: &str,
    attachments: Vec<v1::Attachment>,
    min_generation: u64,
) -> Result<Target> {
    let attachments = attachments.into_iter().enumerate();
    Ok(Target {
        database: DatabaseRef::parse(database).map_err(|error| error.at("database"))?,
        attachments: attachments.map(attachment).collect::<Result<_>>()?,
        min_generation: Generation(min_generation),
    })
}

fn attachment((index, attachment): (usize, v1::Attachment)) -> Result<AttachmentSpec> {
    let database = DatabaseRef::parse(&attachment.database)
        .map_err(|error| error.at(format!("attachments[{index}].database")))?;
    let alias = if attachment.alias.is_empty() {
        Alias::new(database.database.to_string())?
    } else {
        Alias::new(attachment.alias)?
    };
    Ok(AttachmentSpec { database, alias })
}

/// A statement with its arguments. Errors: `INVALID_ARGUMENT`.
pub(super) fn sql(statement: Option<v1::Statement>) -> Result<Sql> {
    let statement = statement.ok_or_else(|| Error::field("statement", "is required"))?;
    let positional = statement.args.into_iter().map(value).collect();
    let named =
        statement.named_args.into_iter().map(|(name, argument)| (name, value(argument))).collect();
    Ok(Sql { text: statement.sql, args: Args { positional, named } })
}

fn value(value: v1::Value) -> Value {
    match value.kind {
        None | Some(Kind::Null(_)) => Value::Null,
        Some(Kind::Integer(value)) => Value::Integer(value),
        Some(Kind::Real(value)) => Value::Real(value),
        Some(Kind::Text(text)) => Value::Text(text),
        Some(Kind::Blob(bytes)) => Value::Blob(bytes),
    }
}

/// How a transaction starts. Errors: `INVALID_ARGUMENT`.
pub(super) fn mode(mode: i32) -> Result<Mode> {
    match v1::TransactionMode::try_from(mode) {
        Ok(v1::TransactionMode::Unspecified | v1::TransactionMode::Deferred) => Ok(Mode::Deferred),
        Ok(v1::TransactionMode::Immediate) => Ok(Mode::Immediate),
        Ok(v1::TransactionMode::ReadOnly) => Ok(Mode::ReadOnly),
        Err(_) => Err(Error::field("mode", "is not a known transaction mode")),
    }
}

/// How a stream carries its rows. Errors: `INVALID_ARGUMENT`.
pub(super) fn encoding(encoding: i32) -> Result<v1::Encoding> {
    v1::Encoding::try_from(encoding)
        .map_err(|_| Error::field("encoding", "is not a known encoding"))
}

/// The steps of a batch. Errors: `INVALID_ARGUMENT`.
pub(super) fn steps(steps: Vec<v1::BatchStep>) -> Result<Vec<Step>> {
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return Err(Error::field("steps", format!("must be 1 to {STEPS_MAX}")));
    }
    let mut conditions_left = CONDITIONS_MAX;
    let mut read = Vec::with_capacity(steps.len());
    for (index, step) in steps.into_iter().enumerate() {
        let field = format!("steps[{index}].condition");
        let condition = step
            .condition
            .map(|message| condition(message, index, CONDITION_DEPTH_MAX, &mut conditions_left))
            .transpose()
            .map_err(|problem| Error::field(field, problem))?;
        read.push(Step { sql: sql(step.statement)?, condition });
    }
    Ok(read)
}

fn condition(
    message: v1::Condition,
    step: usize,
    depth_left: usize,
    conditions_left: &mut usize,
) -> Result<Condition, String> {
    use v1::condition::Condition as Message;

    let depth_left = depth_left
        .checked_sub(1)
        .ok_or_else(|| format!("must be nested at most {CONDITION_DEPTH_MAX} deep"))?;
    *conditions_left = conditions_left
        .checked_sub(1)
        .ok_or_else(|| format!("there may be at most {CONDITIONS_MAX} conditions in a batch"))?;
    let earlier = |index: u32| match usize::try_from(index) {
        Ok(index) if index < step => Ok(index),
        _ => Err("must refer to an earlier step".to_owned()),
    };
    let mut all = |list: v1::ConditionList| {
        list.conditions
            .into_iter()
            .map(|message| condition(message, step, depth_left, conditions_left))
            .collect::<Result<Vec<_>, _>>()
    };
    match message.condition {
        Some(Message::Ok(index)) => earlier(index).map(Condition::Ok),
        Some(Message::Error(index)) => earlier(index).map(Condition::Error),
        Some(Message::Not(inner)) => condition(*inner, step, depth_left, conditions_left)
            .map(|inner| Condition::Not(Box::new(inner))),
        Some(Message::And(list)) => all(list).map(Condition::And),
        Some(Message::Or(list)) => all(list).map(Condition::Or),
        None => Err("must have one of its fields set".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use v1::condition::Condition as Message;

    fn step(condition: Option<Message>) -> v1::BatchStep {
        v1::BatchStep {
            statement: Some(v1::Statement { sql: "SELECT 1".into(), ..Default::default() }),
            condition: condition.map(|condition| v1::Condition { condition: Some(condition) }),
        }
    }

    fn nested(depth: usize) -> Message {
        (1..depth).fold(Message::Ok(0), |inner, _| {
            Message::Not(Box::new(v1::Condition { condition: Some(inner) }))
        })
    }

    #[test]
    fn conditions_look_back_and_are_bounded() {
        assert!(steps(vec![step(None), step(Some(Message::Ok(0)))]).is_ok());
        assert!(steps(vec![step(None), step(Some(nested(CONDITION_DEPTH_MAX)))]).is_ok());
        assert!(steps(vec![]).is_err());
        assert!(steps(vec![step(None), step(Some(Message::Error(1)))]).is_err());
        assert!(steps(vec![step(None), step(Some(nested(CONDITION_DEPTH_MAX + 1)))]).is_err());
        let wide = v1::ConditionList {
            conditions: vec![v1::Condition { condition: Some(Message::Ok(0)) }; CONDITIONS_MAX],
        };
        assert!(steps(vec![step(None), step(Some(Message::And(wide)))]).is_err());
    }
}
