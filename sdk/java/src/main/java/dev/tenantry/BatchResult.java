package dev.tenantry;

import dev.tenantry.v1.ExecuteBatchResponse;
import java.util.List;
import java.util.Optional;

/**
 * What a batch gave.
 *
 * @param steps one outcome per statement, in order
 * @param generation the generation of the database on which it ran; 0 of a REGULAR database
 */
public record BatchResult(List<Step> steps, long generation) {
  /**
   * What became of one statement: exactly one of a result, an error that a later condition took
   * into account, or neither, when its own condition did not hold.
   *
   * @param result its result
   * @param error why it failed
   */
  public record Step(Optional<StatementResult> result, Optional<TenantryException> error) {
    /** {@return whether its condition did not hold, and it was not run} */
    public boolean skipped() {
      return result.isEmpty() && error.isEmpty();
    }

    private static Step of(dev.tenantry.v1.StepResult step) {
      return switch (step.getOutcomeCase()) {
        case RESULT ->
            new Step(Optional.of(StatementResult.of(step.getResult())), Optional.empty());
        case ERROR -> new Step(Optional.empty(), Optional.of(Failures.of(step.getError())));
        case SKIPPED, OUTCOME_NOT_SET -> new Step(Optional.empty(), Optional.empty());
      };
    }
  }

  static BatchResult of(ExecuteBatchResponse response) {
    return new BatchResult(
        response.getResultsList().stream().map(Step::of).toList(), response.getGeneration());
  }

  /**
   * Returns the results of a batch whose statements were all run and succeeded.
   *
   * @return one result per statement, in order
   * @throws java.util.NoSuchElementException if one was skipped or failed
   */
  public List<StatementResult> results() {
    return steps.stream().map(step -> step.result().orElseThrow()).toList();
  }
}
