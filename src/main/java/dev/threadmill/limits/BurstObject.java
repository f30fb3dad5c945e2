package dev.threadmill.limits;

import dev.threadmill.models.Money;
import java.time.Instant;

/**
 * A prepaid burst of a project on the wire.
 *
 * @param tokens null if it extends no budget of tokens
 * @param cost in US dollars; null if it extends no budget of money
 * @param tokensLeft 0 once it has ended
 * @param costLeft 0 once it has ended
 * @param createdAt in Unix seconds
 * @param expiresAt in Unix seconds
 */
public record BurstObject(
    String id,
    String object,
    Long tokens,
    Money cost,
    Long tokensLeft,
    Money costLeft,
    long createdAt,
    long expiresAt) {
  static BurstObject of(Burst burst, Instant at) {
    boolean isOpen = burst.isOpenAt(at);
    return new BurstObject(
        burst.id(),
        "project.burst",
        burst.tokens(),
        burst.cost(),
        burst.tokens() == null ? null : isOpen ? burst.tokensLeft() : 0,
        burst.cost() == null ? null : isOpen ? burst.costLeft() : Money.NONE,
        burst.created().getEpochSecond(),
        burst.expires().getEpochSecond());
  }
}
