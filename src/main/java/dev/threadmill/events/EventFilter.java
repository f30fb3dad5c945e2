package dev.threadmill.events;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import dev.threadmill.api.TimeParam;
import jakarta.ws.rs.QueryParam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The filters of the log, as query parameters. Read with {@code @BeanParam}. An event is shown if
 * it matches all of them.
 */
public class EventFilter {
  private static final int MAX_LENGTH = 512;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}(?:\\.[0-9]{1,12})?");

  private static final int MAX_EVENTS = 20;

  @QueryParam("event")
  List<String> event;

  @QueryParam("assistant_id")
  String assistantId;

  @QueryParam("thread_id")
  String threadId;

  @QueryParam("run_id")
  String runId;

  @QueryParam("tool")
  String tool;

  @QueryParam("model")
  String model;

  @QueryParam("key")
  String key;

  @QueryParam("status")
  String status;

  @QueryParam("safety_flag")
  String safetyFlag;

  @QueryParam("request_id")
  String requestId;

  @QueryParam("start_time")
  String startTime;

  @QueryParam("end_time")
  String endTime;

  @QueryParam("min_latency_ms")
  String minLatencyMs;

  @QueryParam("max_latency_ms")
  String maxLatencyMs;

  @QueryParam("min_input_tokens")
  String minInputTokens;

  @QueryParam("max_input_tokens")
  String maxInputTokens;

  @QueryParam("min_output_tokens")
  String minOutputTokens;

  @QueryParam("max_output_tokens")
  String maxOutputTokens;

  @QueryParam("min_cost")
  String minCost;

  @QueryParam("max_cost")
  String maxCost;

  /**
   * A condition on rows of the log.
   *
   * @param sql begins with {@code AND} unless it is empty
   */
  record Condition(String sql, List<Object> params) {}

  /**
   * The condition that all filters make.
   *
   * @throws ApiException 400 for a value that a filter cannot have
   */
  Condition condition() {
    var sql = new StringBuilder();
    var params = new ArrayList<Object>();
    var events = events();
    if (events.size() == 1) {
      sql.append(" AND event = ?");
      params.add(events.getFirst());
    } else if (!events.isEmpty()) {
      sql.append(" AND event = ANY (?)");
      params.add(events);
    }
    equal("assistant_id", assistantId, sql, params);
    equal("thread_id", threadId, sql, params);
    equal("run_id", runId, sql, params);
    equal("tool", tool, sql, params);
    equal("model", model, sql, params);
    equal("key", key, sql, params);
    equal("status", status, sql, params);
    if (status != null && !status.equals("completed")) {
      // As the partial index has it.
      sql.append(" AND payload ->> 'status' <> 'completed'");
    }
    if ("any".equals(safetyFlag)) {
      sql.append(" AND payload ->> 'safety_flag' IS NOT NULL");
    } else {
      equal("safety_flag", safetyFlag, sql, params);
    }
    equal("request_id", requestId, sql, params);
    time("start_time", startTime, ">=", sql, params);
    time("end_time", endTime, "<", sql, params);
    number("min_", "latency_ms", minLatencyMs, ">=", sql, params);
    number("max_", "latency_ms", maxLatencyMs, "<=", sql, params);
    number("min_", "input_tokens", minInputTokens, ">=", sql, params);
    number("max_", "input_tokens", maxInputTokens, "<=", sql, params);
    number("min_", "output_tokens", minOutputTokens, ">=", sql, params);
    number("max_", "output_tokens", maxOutputTokens, "<=", sql, params);
    number("min_", "cost", minCost, ">=", sql, params);
    number("max_", "cost", maxCost, "<=", sql, params);
    return new Condition(sql.toString(), List.copyOf(params));
  }

  private List<String> events() {
    if (event == null) {
      return List.of();
    }
    var names =
        event.stream()
            .flatMap(each -> Arrays.stream(each.split(",", MAX_EVENTS + 2)))
            .map(String::strip)
            .distinct()
            .limit(MAX_EVENTS + 1L)
            .toList();
    if (names.size() > MAX_EVENTS) {
      throw ApiException.invalid(
          "event", "Invalid 'event': expected at most %d types.".formatted(MAX_EVENTS));
    }
    names.forEach(name -> checked("event", name));
    return names;
  }

  private static void equal(String field, String value, StringBuilder sql, List<Object> params) {
    if (value != null) {
      sql.append(" AND payload ->> '").append(field).append("' = ?");
      params.add(checked(field, value));
    }
  }

  private static String checked(String field, String value) {
    if (value.isEmpty() || value.length() > MAX_LENGTH) {
      throw ApiException.invalid(
          field, "Invalid '%s': expected 1 to %d characters.".formatted(field, MAX_LENGTH));
    }
    return StorableText.require(field, value);
  }

  private static void number(
      String bound,
      String field,
      String value,
      String comparison,
      StringBuilder sql,
      List<Object> params) {
    if (value != null) {
      if (!NUMBER.matcher(value).matches()) {
        throw ApiException.invalid(
            bound + field, "Invalid '%s%s': expected a number.".formatted(bound, field));
      }
      sql.append(" AND (payload ->> '")
          .append(field)
          .append("')::numeric ")
          .append(comparison)
          .append(" ?::numeric");
      params.add(value);
    }
  }

  private static void time(
      String field, String value, String comparison, StringBuilder sql, List<Object> params) {
    if (value != null) {
      sql.append(" AND created_at ").append(comparison).append(" ?");
      params.add(TimeParam.parse(field, value));
    }
  }
}
