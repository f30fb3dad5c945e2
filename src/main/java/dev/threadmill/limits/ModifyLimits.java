package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.models.Money;
import java.math.BigDecimal;

/**
 * The body of {@code POST …/limits} of a project or an API key. Absent fields keep their value,
 * null removes a limit.
 */
record ModifyLimits(
    Field<Integer> requestsPerMinute,
    Field<Integer> tokensPerMinute,
    Field<Integer> concurrentThreads,
    Field<Budgets> budgets,
    Field<Boolean> countUsage,
    Field<Long> fileBytes) {
  private static final long MAX_FILE_BYTES = 1L << 60;

  /** Budgets by period. */
  record Budgets(Field<Amount> day, Field<Amount> month, Field<Amount> total) {
    static final Budgets NONE = new Budgets(Field.of(null), Field.of(null), Field.of(null));
  }

  /**
   * The amounts of a budget.
   *
   * @param cost in US dollars
   */
  record Amount(Long tokens, BigDecimal cost) {
    private static final long MAX_TOKENS = 1_000_000_000_000_000L;
    private static final long MAX_DOLLARS = 1_000_000_000L;

    Amount {
      if (tokens != null && (tokens < 0 || tokens > MAX_TOKENS)) {
        throw ApiException.invalid(
            "tokens", "Invalid 'tokens': expected an integer from 0 to %d.".formatted(MAX_TOKENS));
      }
      if (cost != null
          && (cost.signum() < 0 || cost.compareTo(BigDecimal.valueOf(MAX_DOLLARS)) > 0)) {
        throw ApiException.invalid(
            "cost", "Invalid 'cost': expected a number from 0 to %d.".formatted(MAX_DOLLARS));
      }
    }

    private static Limits.Budget budget(Amount amount) {
      return amount == null
          ? Limits.Budget.NONE
          : new Limits.Budget(
              amount.tokens(), amount.cost() == null ? null : Money.ofDollars(amount.cost()));
    }
  }

  ModifyLimits {
    Bounds.integer("requests_per_minute", requestsPerMinute.orElse(null), 1, Integer.MAX_VALUE);
    Bounds.integer("tokens_per_minute", tokensPerMinute.orElse(null), 1, Integer.MAX_VALUE);
    Bounds.integer("concurrent_threads", concurrentThreads.orElse(null), 1, Integer.MAX_VALUE);
    var bytes = fileBytes.orElse(null);
    if (bytes != null && (bytes < 0 || bytes > MAX_FILE_BYTES)) {
      throw ApiException.invalid(
          "file_bytes",
          "Invalid 'file_bytes': expected an integer from 0 to %d.".formatted(MAX_FILE_BYTES));
    }
  }

  /**
   * Refuses with a 400 what API keys do not have.
   *
   * @param path before the names of fields in errors, such as {@code limits.}
   */
  ModifyLimits requireForKeys(String path) {
    if (concurrentThreads.orElse(null) != null) {
      throw ApiException.invalid(
          path + "concurrent_threads",
          "Invalid '%sconcurrent_threads': an API key has no limit of concurrent threads; set it for the project."
              .formatted(path));
    }
    if (fileBytes.orElse(null) != null) {
      throw ApiException.invalid(
          path + "file_bytes",
          "Invalid '%sfile_bytes': an API key has no limit of files; set it for the project."
              .formatted(path));
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
        Boolean.TRUE.equals(countUsage.orElse(current.countUsage())));
  }

  private static Limits.Budget applyTo(Field<Amount> sent, Limits.Budget current) {
    return switch (sent) {
      case Field.Absent<Amount> _ -> current;
      case Field.Present<Amount>(var amount) -> Amount.budget(amount);
    };
  }
}
