//! Tables with aligned columns, for any number of rows.
//!
//! Rows are gathered up to a bound and laid out together. What comes after the
//! bound keeps at least the widths so far, so that a long result stays readable
//! and never fills the memory.

use std::io::{self, Write};

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentLineStyle, LineStyle, Table, TableStyle, Width,
};

/// How many rows are laid out together.
const ROWS_LAID_OUT_MAX: usize = 1_000;
/// How many bytes of cells are laid out together.
const BYTES_LAID_OUT_MAX: usize = 1 << 20;
/// The longest cell, in characters. It keeps the widths, which count up to two
/// for each character, within what the layout can hold.
const CELL_CHARS_MAX: usize = 16_384;

/// Columns with a line between the header and the rows, and no frame.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'))
    .content_lines(ContentLineStyle::none().junction('|'));

/// A table that is written as its rows come.
pub(super) struct TableWriter {
    header: Option<Vec<String>>,
    rows: Vec<Vec<(String, bool)>>,
    bytes: usize,
    widths: Vec<u16>,
}

impl TableWriter {
    /// A table under these headings.
    pub(super) fn new(header: Vec<String>) -> Self {
        let header = header.into_iter().map(shorten).collect();
        Self { header: Some(header), rows: Vec::new(), bytes: 0, widths: Vec::new() }
    }

    /// Adds a row of escaped texts, each with whether it is a number.
    pub(super) fn row(&mut self, out: &mut dyn Write, row: Vec<(String, bool)>) -> io::Result<()> {
        let row: Vec<_> = row.into_iter().map(|(text, number)| (shorten(text), number)).collect();
        self.bytes += row.iter().map(|(text, _)| text.len()).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= ROWS_LAID_OUT_MAX || self.bytes >= BYTES_LAID_OUT_MAX {
            self.write(out)?;
        }
        Ok(())
    }

    /// Writes what is still held.
    pub(super) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.header.is_some() || !self.rows.is_empty() { self.write(out) } else { Ok(()) }
    }

    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(STYLE);
        if let Some(header) = self.header.take() {
            table.set_header(header);
        }
        for row in self.rows.drain(..) {
            table.add_row(row.into_iter().map(|(text, is_number)| {
                let side = if is_number { CellAlignment::Right } else { CellAlignment::Left };
                Cell::new(text).set_alignment(side)
            }));
        }
        self.bytes = 0;
        let widths = table.column_max_content_widths();
        self.widths.resize(widths.len(), 0);
        for (known, width) in self.widths.iter_mut().zip(widths) {
            *known = width.max(*known);
        }
        for (column, width) in table.column_iter_mut().zip(&self.widths) {
            let at_least = Width::Fixed(width.saturating_add(column.padding_width()));
            column.set_constraint(ColumnConstraint::LowerBoundary(at_least));
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A text that fits a cell; where it is cut, it says so.
fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(CELL_CHARS_MAX) {
        let cut = text[end..].chars().count();
        text.truncate(end);
        text.push_str(&format!("… ({cut} more characters: JSON and CSV show all)"));
    }
    text
}
