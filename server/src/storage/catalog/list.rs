//! SQL for lists of databases.
//!
//! A page costs about what is on it, however many databases there are: each
//! range below is an index in the order of the list, entered at the cursor. The
//! exceptions skip rows: a filter by labels follows the rarest one, and looks at
//! the others, the kind and the schema row by row; a filter by schema does so
//! with the kind, which all of them share.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::databases::{self, COLUMNS, JOINED, kind_column, read_database};
use super::failure::Failure;
use super::sql::{blob, ids_json, read_name, row_limit};
use super::{Database, DatabaseCursor, DatabaseFilter, Visible};
use crate::names::GroupName;

/// How far databases with a label are counted, to find the rarest label.
const COUNTED_MAX: i64 = 10_000;

/// The key and the value.
type Label<'a> = (&'a str, &'a str);

/// Where to look for what a list shows.
enum Range<'a> {
    Everything,
    Group(&'a GroupName),
    Among(String),
}

/// See [`super::Catalog::databases`].
pub(super) fn list(
    connection: &Connection,
    mut filter: DatabaseFilter,
    after: Option<&DatabaseCursor>,
    limit: usize,
) -> Result<Vec<Arc<Database>>, Failure> {
    if let Some(schema) = filter.schema {
        // All its children are in its group; the index of them is in order
        // within a group only.
        let Some(group) = databases::group_of(connection, schema)? else { return Ok(Vec::new()) };
        if filter.group.replace(group.clone()).is_some_and(|asked| asked != group) {
            return Ok(Vec::new());
        }
    }
    let filter = &filter;
    let Some(visible) = &filter.visible else {
        return page(connection, filter, &Range::Everything, after, limit);
    };
    let mut found = Vec::new();
    for group in &visible_groups(connection, filter, visible)? {
        let missing = limit - found.len();
        if missing > 0 {
            found.extend(page(connection, filter, &Range::Group(group), after, missing)?);
        }
    }
    let among = Range::Among(ids_json(visible.databases.iter().map(|id| id.uuid())));
    found.extend(page(connection, filter, &among, after, limit)?);
    // What is visible both ways is shown once.
    let sorted: BTreeMap<DatabaseCursor, Arc<Database>> =
        found.into_iter().map(|database| (database.cursor(), database)).collect();
    Ok(sorted.into_values().take(limit).collect())
}

/// The groups of which everything is visible, in the order of their names.
fn visible_groups(
    connection: &Connection,
    filter: &DatabaseFilter,
    visible: &Visible,
) -> Result<Vec<GroupName>, Failure> {
    let sql =
        "SELECT name FROM groups WHERE id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY name";
    let ids = ids_json(visible.groups.iter().map(|id| id.uuid()));
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([ids], |row| read_name(row, 0, GroupName::new))?;
    let mut names = names.collect::<rusqlite::Result<Vec<_>>>()?;
    if let Some(group) = &filter.group {
        names.retain(|name| name == group);
    }
    Ok(names)
}

fn page(
    connection: &Connection,
    filter: &DatabaseFilter,
    range: &Range<'_>,
    after: Option<&DatabaseCursor>,
    limit: usize,
) -> Result<Vec<Arc<Database>>, Failure> {
    let labels = rarest_first(connection, &filter.labels)?;
    let Some((sql, values)) = select(filter, &labels, range, after, limit) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read_database)?;
    Ok(rows.map(|row| row.map(Arc::new)).collect::<rusqlite::Result<_>>()?)
}

/// The labels of a filter: the one that leads through the list comes first.
fn rarest_first<'a>(
    connection: &Connection,
    labels: &'a BTreeMap<String, String>,
) -> Result<Vec<Label<'a>>, Failure> {
    let mut counted = Vec::with_capacity(labels.len());
    let sql = "SELECT count(*) FROM (SELECT 1 FROM labels WHERE key = ? AND value = ? LIMIT ?)";
    for (key, value) in labels {
        let mut statement = connection.prepare_cached(sql)?;
        let count: i64 = statement.query_row(params![key, value, COUNTED_MAX], |row| row.get(0))?;
        counted.push((count, (key.as_str(), value.as_str())));
    }
    counted.sort_unstable();
    Ok(counted.into_iter().map(|(_, label)| label).collect())
}

/// What a page is read with; `None` where the range ends before the cursor.
fn select(
    filter: &DatabaseFilter,
    labels: &[Label<'_>],
    range: &Range<'_>,
    after: Option<&DatabaseCursor>,
    limit: usize,
) -> Option<(String, Vec<Value>)> {
    let mut query = Conditions::default();
    let mut labels = labels.iter();

    // CROSS JOIN keeps SQLite from choosing another order of the tables.
    let (from, order) = if let Range::Among(ids) = range {
        query.values.push(ids.clone().into());
        let ids = "(SELECT DISTINCT unhex(value) AS id FROM json_each(?)) v";
        (format!("{ids} CROSS JOIN databases d ON d.id = v.id"), BY_NAME)
    } else if let Some((key, value)) = labels.next() {
        query.add("o.key = ? AND o.value = ?", [text(key), text(value)]);
        ("labels o CROSS JOIN databases d ON d.id = o.database".to_owned(), BY_LABEL)
    } else if filter.schema.is_some() {
        ("databases d INDEXED BY databases_of_schema".to_owned(), BY_NAME)
    } else if filter.kind.is_some() {
        ("databases d INDEXED BY databases_of_kind".to_owned(), BY_NAME)
    } else {
        ("databases d".to_owned(), BY_NAME)
    };

    let group = match range {
        Range::Group(name) => Some(*name),
        Range::Everything | Range::Among(_) => filter.group.as_ref(),
    };
    if let Some(name) = group {
        query.add(&format!("{} = ?", order[0]), [text(name.as_str())]);
    }
    if let Some(cursor) = after {
        query.add_cursor(order, group, cursor)?;
    }

    query.add(if filter.show_deleted { "d.state < 2" } else { "d.state = 0" }, []);
    if let Some(kind) = filter.kind {
        query.add("d.kind = ?", [kind_column(kind).into()]);
    }
    if let Some(schema) = filter.schema {
        query.add("d.schema_id = ?", [blob(schema.uuid())]);
    }
    for (key, value) in labels {
        let has_label = "EXISTS (SELECT 1 FROM labels l WHERE l.key = ? AND l.value = ?
            AND l.group_name = d.group_name AND l.name = d.name AND l.database = d.id)";
        query.add(has_label, [text(key), text(value)]);
    }

    let (conditions, order) = (query.conditions.join(" AND "), order.join(", "));
    query.values.push(row_limit(limit).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM {from} {JOINED} WHERE {conditions} ORDER BY {order} LIMIT ?"
    );
    Some((sql, query.values))
}

/// The columns that make the order, of `databases d` or of `labels o`.
type Order = [&'static str; 3];
const BY_NAME: Order = ["d.group_name", "d.name", "d.id"];
const BY_LABEL: Order = ["o.group_name", "o.name", "o.database"];

/// What must hold of each row.
#[derive(Default)]
struct Conditions {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    /// Starts behind the cursor; `None` where a list of this group is over.
    fn add_cursor(
        &mut self,
        [group, name, id]: Order,
        only: Option<&GroupName>,
        (after_group, after_name, after_id): &DatabaseCursor,
    ) -> Option<()> {
        let place = [text(after_name.as_str()), blob(after_id.uuid())];
        match only.map(|only| only.cmp(after_group)) {
            Some(Ordering::Less) => return None,
            Some(Ordering::Equal) => self.add(&format!("({name}, {id}) > (?, ?)"), place),
            Some(Ordering::Greater) => {}
            None => {
                self.values.push(text(after_group.as_str()));
                self.add(&format!("({group}, {name}, {id}) > (?, ?, ?)"), place);
            }
        }
        Some(())
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::names::{DatabaseId, DatabaseName};
    use crate::storage::catalog::KindFilter;
    use crate::storage::catalog::sql::plans::{explain, is_from_cursor};

    const NO_FILTER: DatabaseFilter = DatabaseFilter {
        group: None,
        kind: None,
        schema: None,
        labels: BTreeMap::new(),
        show_deleted: false,
        visible: None,
    };

    /// The steps in which SQLite reads a page in the middle of a list.
    fn plan(filter: &DatabaseFilter, labels: &[Label<'_>], range: &Range<'_>) -> String {
        let name = DatabaseName::new("m").expect("valid");
        let after = (GroupName::default(), name, DatabaseId::new(Uuid::nil()));
        let query = select(filter, labels, range, Some(&after), 100).expect("not over");
        explain(query)
    }

    #[test]
    fn a_page_is_read_from_its_cursor_and_in_order() {
        let group = GroupName::default();
        for show_deleted in [false, true] {
            for labels in [&[][..], &[("a", "v")], &[("a", "v"), ("b", "v")]] {
                for (range, bound) in [
                    (Range::Everything, "group_name,name"),
                    (Range::Group(&group), "group_name=? AND "),
                ] {
                    let plan = plan(&DatabaseFilter { show_deleted, ..NO_FILTER }, labels, &range);
                    let bound =
                        if labels.is_empty() { bound } else { bound.trim_start_matches('(') };
                    is_from_cursor(&plan, bound);
                }
            }
        }
        let among = plan(&NO_FILTER, &[], &Range::Among("[]".to_owned()));
        let by_id = "SEARCH d USING INDEX sqlite_autoindex_databases_1 (id=?)";
        assert!(among.contains(by_id), "{among}");
    }

    #[test]
    fn a_page_of_a_kind_or_of_a_schema_skips_nothing_but_what_is_deleted() {
        let group = GroupName::default();
        for show_deleted in [false, true] {
            let kind = Some(KindFilter::Schema);
            let of_kind = DatabaseFilter { kind, show_deleted, ..NO_FILTER };
            for (range, bound) in [
                (Range::Everything, "databases_of_kind (kind=? AND (group_name,name"),
                (Range::Group(&group), "databases_of_kind (kind=? AND group_name=? AND (name,id)"),
            ] {
                is_from_cursor(&plan(&of_kind, &[], &range), bound);
            }
            // As `list` asks for it.
            let schema = Some(DatabaseId::new(Uuid::nil()));
            let group = Some(group.clone());
            for kind in [None, kind] {
                let group = group.clone();
                let of_schema = DatabaseFilter { group, kind, schema, show_deleted, ..NO_FILTER };
                let bound = "databases_of_schema (schema_id=? AND (name,id)";
                is_from_cursor(&plan(&of_schema, &[], &Range::Everything), bound);
                let group = of_schema.group.as_ref().expect("is set");
                is_from_cursor(&plan(&of_schema, &[], &Range::Group(group)), bound);
            }
        }
    }
}
