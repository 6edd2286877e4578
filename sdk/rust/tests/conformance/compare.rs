//! What came, compared with what was expected.

use serde_json::{Map, Value as Json, json};
use tenantry_client::{Code, Columns, Error, ResultSet, Row, Value};

use super::case::ExpectedError;

/// A value as a case has it.
pub fn to_value(written: &Json) -> Result<Value, String> {
    let Some(text) = written.as_str() else {
        return match written {
            Json::Null => Ok(Value::Null),
            other => Err(format!("{other} is no value")),
        };
    };
    let wrong = || format!("'{text}' is no value");
    let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
    Ok(match kind {
        "i" => Value::Integer(rest.parse().map_err(|_| wrong())?),
        "r" => Value::Real(rest.parse().map_err(|_| wrong())?),
        "t" => Value::Text(rest.to_owned()),
        "b" => {
            let pairs = (0..rest.len()).step_by(2).map(|at| rest.get(at..at + 2));
            let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok());
            Value::from(bytes.collect::<Option<Vec<u8>>>().ok_or_else(wrong)?)
        }
        _ => return Err(wrong()),
    })
}

/// A value in the one form in which values are compared.
fn canonical(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(value) => json!(format!("i:{value}")),
        Value::Real(value) => json!(format!("r:{value:?} ({:016x})", value.to_bits())),
        Value::Text(value) => json!(format!("t:{value}")),
        Value::Blob(value) => json!(format!("b:{value:02x?}")),
    }
}

/// The values that a case expects, in that form.
fn canonical_list(key: &str, expected: &Json) -> Result<Json, String> {
    Ok(match (key, expected) {
        ("rows", Json::Array(rows)) => {
            rows.iter().map(|row| canonical_list("last_row", row)).collect::<Result<_, _>>()?
        }
        ("last_row", Json::Array(values)) => values
            .iter()
            .map(|value| Ok(canonical(&to_value(value)?)))
            .collect::<Result<_, String>>()?,
        ("first", Json::Object(values)) => values
            .iter()
            .map(|(name, value)| Ok((name.clone(), canonical(&to_value(value)?))))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        (_, other) => other.clone(),
    })
}

pub fn row(row: &Row) -> Json {
    row.values().iter().map(canonical).collect()
}

pub fn columns(columns: &Columns) -> Json {
    columns.iter().map(|column| json!(column.name)).collect()
}

/// A row by the names of its columns.
pub fn by_name(row: &Row) -> Json {
    let names = row.columns().iter().map(|column| column.name.as_str());
    names.map(|name| (name.to_owned(), canonical(&row[name]))).collect::<Map<_, _>>().into()
}

pub fn result(result: &ResultSet) -> Json {
    json!({
        "columns": columns(result.columns()),
        "rows": result.rows().iter().map(row).collect::<Json>(),
        "affected_row_count": result.affected_row_count(),
        "last_insert_rowid": result.last_insert_rowid(),
    })
}

/// Whether what came has all that was expected.
pub fn expect(expected: &Json, came: &Json) -> Result<(), String> {
    for (key, wanted) in expected.as_object().ok_or("what is expected is a mapping")? {
        let came = came.get(key).ok_or_else(|| format!("'{key}' cannot be expected here"))?;
        match (key.as_str(), wanted, came) {
            ("results", Json::Array(wanted), Json::Array(came)) if wanted.len() == came.len() => {
                for (wanted, came) in wanted.iter().zip(came) {
                    expect(wanted, came)?;
                }
            }
            ("sql", Json::String(wanted), Json::String(came)) if came.contains(wanted) => {}
            ("failures", Json::Array(wanted), Json::Array(came)) => {
                let sorted = |list: &[Json]| {
                    let mut list: Vec<_> = list.iter().map(Json::to_string).collect();
                    list.sort();
                    list
                };
                if sorted(wanted) != sorted(came) {
                    return Err(format!("failures are {came:?}, expected {wanted:?}"));
                }
            }
            _ => {
                let wanted = canonical_list(key, wanted)?;
                if wanted != *came {
                    return Err(format!("{key} is {came}, expected {wanted}"));
                }
            }
        }
    }
    Ok(())
}

/// Whether an error is as expected.
pub fn expect_error(expected: &ExpectedError, came: &Error) -> Result<(), String> {
    let same = |what: &str, wanted: Option<&str>, came: &str| match wanted {
        Some(wanted) if wanted != came => Err(format!("{what} is '{came}', expected '{wanted}'")),
        _ => Ok(()),
    };
    same("code", expected.code.as_deref(), &code_name(came.code()))
        .and_then(|()| same("reason", expected.reason.as_deref(), came.reason()))
        .map_err(|why| format!("{why} of: {came}"))?;
    for (name, wanted) in &expected.metadata {
        let came = came.metadata().get(name).map_or("", String::as_str);
        same(&format!("metadata '{name}'"), Some(wanted), came)?;
    }
    if expected.retryable.is_some_and(|wanted| wanted != came.is_retryable()) {
        return Err(format!("retryable is {}", came.is_retryable()));
    }
    match &expected.message {
        Some(part) if !came.message().contains(part) => {
            Err(format!("the message is '{}', expected '{part}' in it", came.message()))
        }
        _ => Ok(()),
    }
}

/// `NotFound` as `NOT_FOUND`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
