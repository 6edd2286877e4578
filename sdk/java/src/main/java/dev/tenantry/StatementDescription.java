package dev.tenantry;

import dev.tenantry.v1.DescribeResponse;
import dev.tenantry.v1.Parameter;
import java.util.List;

/**
 * What a statement is, without running it.
 *
 * @param parameters the names of the parameters without the sigil, in the order of their numbers;
 *     empty for {@code ?} and {@code ?1}
 * @param columns the columns of its rows; empty when it returns none
 * @param readOnly it does not write to the database
 * @param explain it is an EXPLAIN
 */
public record StatementDescription(
    List<String> parameters, List<Column> columns, boolean readOnly, boolean explain) {
  static StatementDescription of(DescribeResponse response) {
    return new StatementDescription(
        response.getParametersList().stream().map(Parameter::getName).toList(),
        new Columns(response.getColumnsList()).list(),
        response.getReadOnly(),
        response.getExplain());
  }
}
