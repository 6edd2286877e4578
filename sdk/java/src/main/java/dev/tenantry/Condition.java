package dev.tenantry;

import dev.tenantry.v1.ConditionList;
import java.util.Arrays;
import java.util.List;

/** What must hold of earlier statements of a batch for one to be run. They are counted from 0. */
public final class Condition {
  private final dev.tenantry.v1.Condition proto;

  private Condition(dev.tenantry.v1.Condition proto) {
    this.proto = proto;
  }

  /**
   * The statement ran and succeeded.
   *
   * @param statement the index of an earlier statement
   * @return the condition
   */
  public static Condition ok(int statement) {
    return new Condition(dev.tenantry.v1.Condition.newBuilder().setOk(statement).build());
  }

  /**
   * The statement ran and failed. Its error does not fail the batch then.
   *
   * @param statement the index of an earlier statement
   * @return the condition
   */
  public static Condition failed(int statement) {
    return new Condition(dev.tenantry.v1.Condition.newBuilder().setError(statement).build());
  }

  /**
   * A condition does not hold.
   *
   * @param condition the condition
   * @return its contrary
   */
  public static Condition not(Condition condition) {
    return new Condition(dev.tenantry.v1.Condition.newBuilder().setNot(condition.proto).build());
  }

  /**
   * All conditions hold.
   *
   * @param conditions the conditions
   * @return the condition
   */
  public static Condition all(Condition... conditions) {
    return new Condition(dev.tenantry.v1.Condition.newBuilder().setAnd(list(conditions)).build());
  }

  /**
   * At least one of the conditions holds.
   *
   * @param conditions the conditions
   * @return the condition
   */
  public static Condition any(Condition... conditions) {
    return new Condition(dev.tenantry.v1.Condition.newBuilder().setOr(list(conditions)).build());
  }

  private static ConditionList list(Condition... conditions) {
    List<dev.tenantry.v1.Condition> protos =
        Arrays.stream(conditions).map(condition -> condition.proto).toList();
    return ConditionList.newBuilder().addAllConditions(protos).build();
  }

  dev.tenantry.v1.Condition proto() {
    return proto;
  }
}
