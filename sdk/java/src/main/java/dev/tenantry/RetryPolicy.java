package dev.tenantry;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and how quickly a call is made again, where that is safe.
 *
 * @param maxAttempts how often in all, at least 1; with 1 nothing is made again
 * @param initialBackoff the longest pause before the second attempt; it doubles with each
 * @param maxBackoff the longest pause of all
 */
public record RetryPolicy(int maxAttempts, Duration initialBackoff, Duration maxBackoff) {
  /** Five attempts with pauses of up to 50 ms, 100 ms, 200 ms and 400 ms. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(5, Duration.ofMillis(50), Duration.ofSeconds(2));

  /** Nothing is made again. */
  public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

  /**
   * Checks the limits.
   *
   * @param maxAttempts how often in all
   * @param initialBackoff the longest pause before the second attempt
   * @param maxBackoff the longest pause of all
   */
  public RetryPolicy {
    if (maxAttempts < 1 || initialBackoff.isNegative() || maxBackoff.isNegative()) {
      throw new IllegalArgumentException("maxAttempts is at least 1, and no pause is negative");
    }
  }

  /**
   * The pause after an attempt, counted from 1: by chance up to the limit, so that callers spread.
   */
  Duration pauseAfter(int attempt) {
    double longest = initialBackoff.toNanos() * Math.pow(2, attempt - 1);
    long limit = (long) Math.min(longest, maxBackoff.toNanos());
    return Duration.ofNanos(ThreadLocalRandom.current().nextLong(limit + 1));
  }
}
