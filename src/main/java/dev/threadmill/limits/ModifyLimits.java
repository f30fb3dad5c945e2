package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.models.Money;
import java.math.BigDecimal;
import java.util.List;

/**
 * The body of {@code POST …/limits} of a project, an API key, a user, an assistant or a thread.
 * Absent fields keep their value, null removes a limit.
 */
public record ModifyLimits(
    Field<Integer> requestsPerMinute,
    Field<Integer> tokensPerMinute,
    Field<Integer> concurrentThreads,
    Field<Budgets> budgets,
    Field<Boolean> countUsage,
    Field<Long> fileBytes,
    Field<List<BigDecimal>> alerts) {
  private static final int MAX_ALERTS = 10;
  private static final long MAX_FILE_BYTES = 1L << 60;

  /** Budgets by period. */
  public record Budgets(Field<Amount> day, Field<Amount> month, Field<Amount> total) {
    static final Budgets NONE = new Budgets(Field.of(null), Field.of(null), Field.of(null));
  }

  /**
   * The amounts of a budget.
   *
   * @param cost in US dollars
   * @param toolCalls of runs
   * @param seconds in which nodes execute runs
   */
  public record Amount(Long tokens, BigDecimal cost, Long toolCalls, Long seconds) {
    private static final long MAX_TOKENS = 1_000_000_000_000_000L;
    private static final long MAX_TOOL_CALLS = 1_000_000_000_000L;
    private static final long MAX_SECONDS = 1_000_000_000_000L;
    private static final long MAX_DOLLARS = 1_000_000_000L;

    public Amount {
      check("tokens", tokens, MAX_TOKENS);
      check("tool_calls", toolCalls, MAX_TOOL_CALLS);
      check("seconds", seconds, MAX_SECONDS);
      if (cost != null
          && (cost.signum() < 0 || cost.compareTo(BigDecimal.valueOf(MAX_DOLLARS)) > 0)) {
        throw ApiException.invalid(
            "cost", "Invalid 'cost': expected a number from 0 to %d.".formatted(MAX_DOLLARS));
      }
    }

    private static void check(String field, Long amount, long most) {
      if (amount != null && (amount < 0 || amount > most)) {
        throw ApiException.invalid(
            field, "Invalid '%s': expected an integer from 0 to %d.".formatted(field, most));
      }
    }

    private static Limits.Budget budget(Amount amount) {
      return amount == null
          ? Limits.Budget.NONE
          : new Limits.Budget(
              amount.tokens(),
              amount.cost() == null ? null : Money.ofDollars(amount.cost()),
              amount.toolCalls(),
              amount.seconds());
    }
  }

  public ModifyLimits {
    Bounds.integer("requests_per_minute", requestsPerMinute.orElse(null), 1, Integer.MAX_VALUE);
    Bounds.integer("tokens_per_minute", tokensPerMinute.orElse(null), 1, Integer.MAX_VALUE);
    Bounds.integer("concurrent_threads", concurrentThreads.orElse(null), 1, Integer.MAX_VALUE);
    var shares = alerts.orElse(null);
    if (shares != null
        && (shares.size() > MAX_ALERTS
            || shares.stream().anyMatch(share -> share == null || !isShare(share)))) {
      throw ApiException.invalid(
          "alerts",
          "Invalid 'alerts': expected at most %d shares such as 0.8, above 0 and up to 1."
              .formatted(MAX_ALERTS));
    }
    var bytes = fileBytes.orElse(null);
    if (bytes != null && (bytes < 0 || bytes > MAX_FILE_BYTES)) {
      throw ApiException.invalid(
          "file_bytes",
          "Invalid 'file_bytes': expected an integer from 0 to %d.".formatted(MAX_FILE_BYTES));
    }
  }

  private static boolean isShare(BigDecimal share) {
    return share.signum() > 0 && share.compareTo(BigDecimal.ONE) <= 0 && share.scale() <= 4;
  }

  /**
   * Refuses with a 400 what only projects and API keys have.
   *
   * @param noun what the limits are for
   */
  ModifyLimits requireBudgetsOnly(String noun) {
    if (requestsPerMinute.orElse(null) != null) {
      throw ApiException.invalid(
          "requests_per_minute",
          "Invalid 'requests_per_minute': there is no such limit of %s; set it for the project or the API key."
              .formatted(noun));
    }
    return requireForKeys("", noun);
  }

  /**
   * Refuses with a 400 what API keys do not have.
   *
   * @param path before the names of fields in errors, such as {@code limits.}
   */
  ModifyLimits requireForKeys(String path) {
    return requireForKeys(path, "an API key");
  }

  private ModifyLimits requireForKeys(String path, String noun) {
    if (concurrentThreads.orElse(null) != null) {
      throw ApiException.invalid(
          path + "concurrent_threads",
          "Invalid '%sconcurrent_threads': %s has no limit of concurrent threads; set it for the project."
              .formatted(path, noun));
    }
    if (fileBytes.orElse(null) != null) {
      throw ApiException.invalid(
          path + "file_bytes",
          "Invalid '%sfile_bytes': %s has no limit of files; set it for the project."
              .formatted(path, noun));
    }
    return this;
  }

  /** The current limits with this change. */
  Limits applyTo(Limits current) {
    var periods =
        switch (budgets) {
          case Field.Absent<Budgets> _ ->
              new Budgets(Field.absent(), Field.absent(), Field.absent());
          case Field.Present<Budgets>(var sent) -> sent == null ? Budgets.NONE : sent;
        };
    return new Limits(
        requestsPerMinute.orElse(current.requestsPerMinute()),
        tokensPerMinute.orElse(current.tokensPerMinute()),
        concurrentThreads.orElse(current.concurrentThreads()),
        applyTo(periods.day(), current.day()),
        applyTo(periods.month(), current.month()),
        applyTo(periods.total(), current.total()),
        Boolean.TRUE.equals(countUsage.orElse(current.countUsage())),
        sharesOf(current));
  }

  private List<BigDecimal> sharesOf(Limits current) {
    return switch (alerts) {
      case Field.Absent<List<BigDecimal>> _ -> current.alerts();
      case Field.Present<List<BigDecimal>>(var sent) ->
          sent == null ? List.of() : sent.stream().sorted().distinct().toList();
    };
  }

  private static Limits.Budget applyTo(Field<Amount> sent, Limits.Budget current) {
    return switch (sent) {
      case Field.Absent<Amount> _ -> current;
      case Field.Present<Amount>(var amount) -> Amount.budget(amount);
    };
  }
}
