package dev.tenantry.conformance;

/** A case did not end as it says, or says what this driver does not know. */
final class CaseFailure extends AssertionError {
  private static final long serialVersionUID = 1L;

  CaseFailure(String why) {
    super(why);
  }
}
