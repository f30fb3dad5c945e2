package dev.threadmill.api;

import jakarta.ws.rs.QueryParam;
import java.util.function.UnaryOperator;

/** The four query parameters of a list. Read with {@code @BeanParam}; the accessors validate. */
public class PageRequest {
  private static final int DEFAULT_LIMIT = 20;
  private static final int MAX_LIMIT = 100;

  private int defaultLimit = DEFAULT_LIMIT;
  private int maxLimit = MAX_LIMIT;

  @QueryParam("limit")
  String limit;

  @QueryParam("order")
  String order;

  @QueryParam("after")
  String after;

  @QueryParam("before")
  String before;

  /** A page that the server itself requests. */
  public static PageRequest of(int limit, String order, String after, String before) {
    var request = new PageRequest();
    request.limit = Integer.toString(limit);
    request.order = order;
    request.after = after;
    request.before = before;
    return request;
  }

  /** The same page, for a list with other numbers of rows than most. */
  public PageRequest withLimits(int defaultLimit, int maxLimit) {
    this.defaultLimit = defaultLimit;
    this.maxLimit = maxLimit;
    return this;
  }

  /** The same page of a list whose ids have another form. */
  public PageRequest withIds(UnaryOperator<String> form) {
    var request = new PageRequest().withLimits(defaultLimit, maxLimit);
    request.limit = limit;
    request.order = order;
    request.after = after() == null ? null : form.apply(after());
    request.before = before() == null ? null : form.apply(before());
    return request;
  }

  /** The number of rows, 1 to 100 in most lists. */
  public int limit() {
    return limit(maxLimit);
  }

  /** The number of rows, for lists with another maximum than 100. */
  public int limit(int max) {
    if (limit == null || limit.isEmpty()) {
      return defaultLimit;
    }
    try {
      int value = Integer.parseInt(limit);
      if (value >= 1 && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw ApiException.invalid(
        "limit", "Invalid 'limit': expected an integer from 1 to %d.".formatted(max));
  }

  /** Whether newest is first, which is the default. */
  public boolean descending() {
    return switch (order == null || order.isEmpty() ? "desc" : order) {
      case "desc" -> true;
      case "asc" -> false;
      default -> throw ApiException.invalid("order", "Invalid 'order': expected 'asc' or 'desc'.");
    };
  }

  /** The id after which the page begins, or null. */
  public String after() {
    return after == null || after.isEmpty() ? null : StorableText.require("after", after);
  }

  /** The id before which the page ends, or null. */
  public String before() {
    return before == null || before.isEmpty() ? null : StorableText.require("before", before);
  }
}
