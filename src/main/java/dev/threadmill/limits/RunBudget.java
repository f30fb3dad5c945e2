package dev.threadmill.limits;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiException;
import java.math.BigDecimal;

/**
 * What a run and the runs that it routes to may use. Null is unlimited.
 *
 * @param tokens of all model calls, prompts and answers
 * @param cost of all model calls in US dollars
 * @param toolCalls of the run itself
 * @param seconds from the creation of the run on
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunBudget(Long tokens, BigDecimal cost, Integer toolCalls, Integer seconds) {
  private static final long MAX_TOKENS = 1_000_000_000_000_000L;
  private static final BigDecimal MAX_DOLLARS = BigDecimal.valueOf(1_000_000_000L);
  private static final int MAX_TOOL_CALLS = 10_000;
  private static final int MAX_SECONDS = 31_536_000;

  public RunBudget {
    check("tokens", tokens == null || tokens >= 1 && tokens <= MAX_TOKENS, MAX_TOKENS);
    if (cost != null && (cost.signum() <= 0 || cost.compareTo(MAX_DOLLARS) > 0)) {
      throw ApiException.invalid(
          "budget.cost",
          "Invalid 'budget.cost': expected a number above 0 and up to " + MAX_DOLLARS + ".");
    }
    check(
        "tool_calls",
        toolCalls == null || toolCalls >= 1 && toolCalls <= MAX_TOOL_CALLS,
        MAX_TOOL_CALLS);
    check("seconds", seconds == null || seconds >= 1 && seconds <= MAX_SECONDS, MAX_SECONDS);
  }

  private static void check(String field, boolean isValid, long most) {
    if (!isValid) {
      throw ApiException.invalid(
          "budget." + field,
          "Invalid 'budget.%s': expected an integer from 1 to %d.".formatted(field, most));
    }
  }

  /** Whether its model calls have to be reserved. */
  @JsonIgnore
  public boolean limitsModelCalls() {
    return tokens != null || cost != null;
  }
}
