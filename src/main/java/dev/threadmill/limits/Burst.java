package dev.threadmill.limits;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.models.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Tokens and money that were paid for in advance: calls that a budget of the project does not cover
 * are taken from them until they end.
 *
 * @param tokens null if it extends no budget of tokens
 * @param cost null if it extends no budget of money
 */
record Burst(
    String id,
    Long tokens,
    Money cost,
    long tokensLeft,
    Money costLeft,
    Instant created,
    Instant expires) {
  /** How long a burst may be used. */
  static final Duration LIFETIME = Duration.ofDays(90);

  static final TypeReference<List<Stored>> STORED = new TypeReference<>() {};

  /**
   * As the database has it: money in billionths of a US dollar, times in seconds. The functions
   * {@code burst_left} and {@code burst_take} read and write the same.
   */
  record Stored(
      String id,
      Long tokens,
      Long cost,
      Long tokensLeft,
      Long costLeft,
      long createdAt,
      long expiresAt) {}

  static Burst create(String id, Long tokens, Money cost, Instant at) {
    return new Burst(
        id,
        tokens,
        cost,
        tokens == null ? 0 : tokens,
        cost == null ? Money.NONE : cost,
        at,
        at.plus(LIFETIME));
  }

  /**
   * @param stored null if there are none
   */
  static List<Burst> listOf(List<Stored> stored) {
    return stored == null ? List.of() : stored.stream().map(Burst::of).toList();
  }

  private static Burst of(Stored stored) {
    return new Burst(
        stored.id(),
        stored.tokens(),
        stored.cost() == null ? null : new Money(stored.cost()),
        stored.tokensLeft() == null ? 0 : stored.tokensLeft(),
        new Money(stored.costLeft() == null ? 0 : stored.costLeft()),
        Instant.ofEpochSecond(stored.createdAt()),
        Instant.ofEpochSecond(stored.expiresAt()));
  }

  Stored stored() {
    return new Stored(
        id,
        tokens,
        cost == null ? null : cost.nanos(),
        tokensLeft,
        costLeft.nanos(),
        created.getEpochSecond(),
        expires.getEpochSecond());
  }

  boolean isOpenAt(Instant at) {
    return expires.isAfter(at);
  }
}
