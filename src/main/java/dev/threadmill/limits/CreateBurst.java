package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import java.math.BigDecimal;

/**
 * The body of {@code POST …/bursts}.
 *
 * @param tokens that budgets of tokens may be exceeded by
 * @param cost in US dollars, that budgets of money may be exceeded by
 */
public record CreateBurst(Long tokens, BigDecimal cost) {
  private static final long MAX_TOKENS = 1_000_000_000_000_000L;
  private static final long MAX_DOLLARS = 1_000_000_000L;

  public CreateBurst {
    if (tokens != null && (tokens < 1 || tokens > MAX_TOKENS)) {
      throw ApiException.invalid(
          "tokens", "Invalid 'tokens': expected an integer from 1 to %d.".formatted(MAX_TOKENS));
    }
    if (cost != null
        && (cost.signum() <= 0 || cost.compareTo(BigDecimal.valueOf(MAX_DOLLARS)) > 0)) {
      throw ApiException.invalid(
          "cost", "Invalid 'cost': expected a number above 0 and up to %d.".formatted(MAX_DOLLARS));
    }
    if (tokens == null && cost == null) {
      throw ApiException.invalid("tokens", "A burst needs 'tokens', 'cost' or both.");
    }
  }
}
