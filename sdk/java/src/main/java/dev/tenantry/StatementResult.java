package dev.tenantry;

import dev.tenantry.v1.ResultSet;
import java.util.List;

/**
 * The whole result of one statement.
 *
 * @param columns the columns; empty for a statement that returns no rows
 * @param rows the rows, in the order SQLite gave them
 * @param affectedRowCount rows that the statement itself inserted, updated or deleted
 * @param lastInsertRowid the rowid of the last row that the request inserted; 0 for none
 * @param stats what the statement cost
 */
public record StatementResult(
    List<Column> columns,
    List<Row> rows,
    long affectedRowCount,
    long lastInsertRowid,
    Stats stats) {
  static StatementResult of(ResultSet set) {
    Columns columns = new Columns(set.getColumnsList());
    return new StatementResult(
        columns.list(),
        Row.list(
            columns, new RowCells(set.getRowsList(), set.getColumnsCount()), set.getRowsCount()),
        set.getAffectedRowCount(),
        set.getLastInsertRowid(),
        Stats.of(set.getStats()));
  }
}
