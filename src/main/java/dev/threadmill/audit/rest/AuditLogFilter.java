package dev.threadmill.audit.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import dev.threadmill.api.TimeParam;
import dev.threadmill.audit.AuditStore;
import jakarta.ws.rs.QueryParam;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** Which entries of the audit log are listed. Read with {@code @BeanParam}. */
public class AuditLogFilter {
  private static final int MAX_VALUES = 50;

  @QueryParam("project_ids[]")
  List<String> projectIds;

  @QueryParam("event_types[]")
  List<String> eventTypes;

  @QueryParam("actor_ids[]")
  List<String> actorIds;

  @QueryParam("resource_ids[]")
  List<String> resourceIds;

  @QueryParam("effective_at[gte]")
  String from;

  @QueryParam("effective_at[gt]")
  String behind;

  @QueryParam("effective_at[lt]")
  String until;

  @QueryParam("effective_at[lte]")
  String upTo;

  /**
   * The filter.
   *
   * @param project the only project whose entries may be seen; null for all
   */
  AuditStore.Filter of(String project) {
    return new AuditStore.Filter(
        project == null ? values("project_ids[]", projectIds) : List.of(project),
        values("event_types[]", eventTypes),
        values("actor_ids[]", actorIds),
        values("resource_ids[]", resourceIds),
        later(second("effective_at[gte]", from, 0), second("effective_at[gt]", behind, 1)),
        earlier(second("effective_at[lt]", until, 0), second("effective_at[lte]", upTo, 1)));
  }

  private static List<String> values(String param, List<String> values) {
    if (values == null) {
      return List.of();
    }
    if (values.size() > MAX_VALUES) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected at most %d values.".formatted(param, MAX_VALUES));
    }
    return values.stream().map(value -> StorableText.require(param, value)).toList();
  }

  /** Times are shown in whole seconds, and compared as they are shown. */
  private static Instant second(String param, String text, int more) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      long seconds = Long.parseLong(text);
      if (seconds >= 0 && seconds < TimeParam.LATEST) {
        return Instant.ofEpochSecond(seconds + more);
      }
    } catch (NumberFormatException _) {
      // reported below
    }
    throw ApiException.invalid(
        param, "Invalid '%s': expected a time in seconds since 1970.".formatted(param));
  }

  private static Instant later(Instant one, Instant other) {
    return Stream.of(one == null ? Instant.MIN : one, other == null ? Instant.MIN : other)
        .max(Instant::compareTo)
        .filter(time -> !time.equals(Instant.MIN))
        .orElse(null);
  }

  private static Instant earlier(Instant one, Instant other) {
    return Stream.of(one == null ? Instant.MAX : one, other == null ? Instant.MAX : other)
        .min(Instant::compareTo)
        .filter(time -> !time.equals(Instant.MAX))
        .orElse(null);
  }
}
