//! Reads CSV as RFC 4180 has it, a record at a time.
//!
//! It knows the line of each record, whether a field was quoted, and where a quote
//! was opened that nothing closes: what an error must tell, and what separates an
//! empty text from nothing.

use std::io::{self, BufRead};

/// The longest record. More is a quote that nothing closes.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// A field of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) bytes: Vec<u8>,
    pub(super) is_quoted: bool,
}

/// A record, and the line on which it starts, from 1.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) fields: Vec<Field>,
}

/// Why a record cannot be read.
#[derive(Debug)]
pub(super) enum Problem {
    Io(io::Error),
    /// What is wrong on this line, in this column.
    Text {
        line: u64,
        column: usize,
        what: &'static str,
    },
}

/// Reads records.
pub(super) struct Reader<R> {
    input: R,
    /// Lines that have been read.
    lines: u64,
    raw: Vec<u8>,
    /// An empty line is a record of one empty field, and not nothing.
    has_one_column: bool,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, lines: 0, raw: Vec::new(), has_one_column: false }
    }

    /// From here on each record has this many fields.
    pub(super) fn set_columns(&mut self, count: usize) {
        self.has_one_column = count == 1;
    }

    /// The next record; `None` at the end. Empty lines are none, but where there is
    /// only one column.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Problem> {
        loop {
            self.raw.clear();
            if !self.more()? {
                return Ok(None);
            }
            if self.has_one_column || !trimmed(&self.raw).is_empty() {
                return self.record().map(Some);
            }
        }
    }

    /// Reads another line behind what there is.
    fn more(&mut self) -> Result<bool, Problem> {
        let read = self.input.read_until(b'\n', &mut self.raw).map_err(Problem::Io)?;
        self.lines += u64::from(read > 0);
        Ok(read > 0)
    }

    fn record(&mut self) -> Result<Record, Problem> {
        let line = self.lines;
        let mut fields = Vec::new();
        let mut at = 0;
        loop {
            let problem = |line, what| Problem::Text { line, column: fields.len() + 1, what };
            let field = if self.raw.get(at) == Some(&b'"') {
                let opened = self.lines;
                let (field, end) =
                    self.quoted(at + 1)?.ok_or_else(|| problem(opened, "the quote has no end"))?;
                at = end;
                field
            } else {
                let rest = trimmed(&self.raw[at..]);
                let length = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
                at += length;
                Field { bytes: rest[..length].to_vec(), is_quoted: false }
            };
            match trimmed(&self.raw[at..]).first() {
                None => {
                    fields.push(field);
                    return Ok(Record { line, fields });
                }
                Some(b',') => at += 1,
                Some(_) => return Err(problem(self.lines, "there is text behind the quote")),
            }
            fields.push(field);
        }
    }

    /// A quoted field that starts here, and the place behind its end.
    fn quoted(&mut self, mut at: usize) -> Result<Option<(Field, usize)>, Problem> {
        let mut field = Field { bytes: Vec::new(), is_quoted: true };
        loop {
            let Some(length) = self.raw[at..].iter().position(|&byte| byte == b'"') else {
                // It goes on in the next line.
                field.bytes.extend_from_slice(&self.raw[at..]);
                at = self.raw.len();
                if at > RECORD_BYTES_MAX || !self.more()? {
                    return Ok(None);
                }
                continue;
            };
            field.bytes.extend_from_slice(&self.raw[at..at + length]);
            at += length + 1;
            // A quote that stands twice is one of the text.
            if self.raw.get(at) != Some(&b'"') {
                return Ok(Some((field, at)));
            }
            field.bytes.push(b'"');
            at += 1;
        }
    }
}

/// Without the end of the line.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records as `line: field|field`, a quoted one in brackets.
    fn read(text: &str) -> Result<Vec<String>, String> {
        let mut reader = Reader::new(text.as_bytes());
        let mut records = Vec::new();
        loop {
            match reader.next() {
                Ok(None) => return Ok(records),
                Ok(Some(record)) => {
                    let fields = record.fields.iter().map(|field| {
                        let text = String::from_utf8_lossy(&field.bytes);
                        if field.is_quoted { format!("[{text}]") } else { text.into_owned() }
                    });
                    let fields: Vec<_> = fields.collect();
                    records.push(format!("{}: {}", record.line, fields.join("|")));
                }
                Err(Problem::Text { line, column, what }) => {
                    return Err(format!("{line}, {column}: {what}"));
                }
                Err(Problem::Io(error)) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn records_know_their_lines() {
        for (text, expected) in [
            ("", &[] as &[&str]),
            ("a,b\n1,2\n", &["1: a|b", "2: 1|2"]),
            ("a,b\r\n1,\r\n\r\n,2", &["1: a|b", "2: 1|", "4: |2"]),
            ("\n\na\n", &["3: a"]),
            ("\"x\ny\",1\nz,2\n", &["1: [x\ny]|1", "3: z|2"]),
            ("\"a \"\"b\"\"\",\"\",\n", &["1: [a \"b\"]|[]|"]),
            ("\"\"\n", &["1: []"]),
            ("a\"b,c\n", &["1: a\"b|c"]),
            ("\"\r\n\"\r\nü\r\n", &["1: [\r\n]", "3: ü"]),
        ] {
            assert_eq!(read(text).expect(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_empty_line_is_a_record_of_one_column() {
        let mut reader = Reader::new(&b"\na\n\n1\r\n\r\n"[..]);
        let mut lines = Vec::new();
        while let Some(record) = reader.next().expect("it is CSV") {
            reader.set_columns(record.fields.len());
            assert_eq!(record.fields.len(), 1);
            lines.push((record.line, record.fields[0].bytes.len()));
        }
        assert_eq!(lines, [(2, 1), (3, 0), (4, 1), (5, 0)]);
    }

    #[test]
    fn what_is_no_csv_is_found() {
        for (text, expected) in [
            ("a,b\n1,\"x\ny\n", "2, 2: the quote has no end"),
            ("a\n\"x\"y\n", "2, 1: there is text behind the quote"),
        ] {
            assert_eq!(read(text).expect_err(text), expected, "{text:?}");
        }
    }
}
