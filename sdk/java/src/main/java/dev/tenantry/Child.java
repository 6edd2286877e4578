package dev.tenantry;

/**
 * A child of a schema.
 *
 * @param name its name
 * @param id its UUID
 * @param generation the generation that its file is known to have reached
 * @param state whether it has followed its schema
 * @param reason why it is quarantined; empty when it is not
 */
public record Child(String name, String id, long generation, State state, String reason) {
  /** Whether a child has followed its schema. */
  public enum State {
    /** Newer than this client. */
    UNKNOWN,
    /** Its file is at the schema's generation, or it has none yet. */
    CURRENT,
    /** Its file is brought up by its next request at the latest. */
    PENDING,
    /** Its file cannot be brought up. */
    QUARANTINED;

    dev.tenantry.v1.ChildState proto() {
      return this == UNKNOWN
          ? dev.tenantry.v1.ChildState.CHILD_STATE_UNSPECIFIED
          : dev.tenantry.v1.ChildState.valueOf("CHILD_STATE_" + name());
    }
  }

  static Child of(dev.tenantry.v1.Child child) {
    return new Child(
        child.getName(),
        child.getId(),
        child.getGeneration(),
        Protos.constant(State.class, "CHILD_STATE_", child.getState()),
        child.getReason());
  }
}
