package dev.tenantry;

import dev.tenantry.v1.BatchStep;
import java.util.Map;

/**
 * SQL with the values of its parameters.
 *
 * <p>Bound are {@code null}, {@code Long} and the smaller whole numbers, {@code BigInteger} of 64
 * bits, {@code Boolean} as 0 or 1, {@code Double} and {@code Float} (NaN is NULL), {@code String}
 * and {@code byte[]}; as text also {@code BigDecimal}, {@code UUID}, and the instants, dates and
 * times of {@code java.time} in ISO 8601.
 */
public final class Statement {
  private final dev.tenantry.v1.Statement proto;
  private final Condition condition;

  private Statement(dev.tenantry.v1.Statement proto, Condition condition) {
    this.proto = proto;
    this.condition = condition;
  }

  /**
   * SQL with values by position.
   *
   * @param sql the SQL
   * @param args the first for {@code ?} or {@code ?1}, and so on
   * @return the statement
   * @throws IllegalArgumentException if a value is none that SQLite has, or a text is malformed
   */
  public static Statement of(String sql, Object... args) {
    dev.tenantry.v1.Statement.Builder proto = begin(sql);
    for (Object arg : args) {
      proto.addArgs(Values.of(arg));
    }
    return new Statement(proto.build(), null);
  }

  /**
   * SQL with values by name.
   *
   * @param sql the SQL
   * @param args values for {@code :name}, {@code @name} and {@code $name}, keyed without the sigil
   * @return the statement
   * @throws IllegalArgumentException if a value is none that SQLite has, or a text is malformed
   */
  public static Statement named(String sql, Map<String, ?> args) {
    dev.tenantry.v1.Statement.Builder proto = begin(sql);
    args.forEach((name, value) -> proto.putNamedArgs(Protos.text(name), Values.of(value)));
    return new Statement(proto.build(), null);
  }

  private static dev.tenantry.v1.Statement.Builder begin(String sql) {
    return dev.tenantry.v1.Statement.newBuilder().setSql(Protos.text(sql));
  }

  /**
   * The same statement, to be run in a batch only where something holds.
   *
   * @param condition what must hold
   * @return the statement
   */
  public Statement when(Condition condition) {
    return new Statement(proto, condition);
  }

  /** The statement alone; elsewhere than in a batch a condition has no meaning. */
  dev.tenantry.v1.Statement proto() {
    if (condition != null) {
      throw new IllegalArgumentException("a condition is for the statements of a batch");
    }
    return proto;
  }

  BatchStep step() {
    BatchStep.Builder step = BatchStep.newBuilder().setStatement(proto);
    if (condition != null) {
      step.setCondition(condition.proto());
    }
    return step.build();
  }
}
