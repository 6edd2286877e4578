package dev.tenantry;

import dev.tenantry.v1.ResultSet;
import java.util.List;

/**
 * What an execution gave. The methods beside the components speak of the last statement.
 *
 * @param results one result per SQL statement, in order
 * @param generation the generation of the database on which they ran; 0 of a REGULAR database
 */
public record ExecuteResult(List<StatementResult> results, long generation) {
  static ExecuteResult of(List<ResultSet> results, long generation) {
    return new ExecuteResult(results.stream().map(StatementResult::of).toList(), generation);
  }

  /**
   * Returns the result of the last statement.
   *
   * @return the result
   * @throws IllegalStateException if the text held no statement
   */
  public StatementResult last() {
    if (results.isEmpty()) {
      throw new IllegalStateException("the SQL held no statement, and so there is no result");
    }
    return results.get(results.size() - 1);
  }

  /** {@return the columns of the last statement} */
  public List<Column> columns() {
    return last().columns();
  }

  /** {@return the rows of the last statement} */
  public List<Row> rows() {
    return last().rows();
  }

  /** {@return the rows that the last statement inserted, updated or deleted} */
  public long affectedRowCount() {
    return last().affectedRowCount();
  }

  /** {@return the rowid of the row inserted last; 0 for none} */
  public long lastInsertRowid() {
    return last().lastInsertRowid();
  }

  /** {@return what the last statement cost} */
  public Stats stats() {
    return last().stats();
  }
}
