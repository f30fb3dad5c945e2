package dev.threadmill.usage;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import dev.threadmill.api.TimeParam;
import jakarta.ws.rs.QueryParam;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The query parameters of usage. Read with {@code @BeanParam}; the methods validate. Lists may be
 * repeated, separated by commas, or written with brackets, as the SDKs do.
 */
public class UsageParams {
  private static final int MAX_VALUES = 100;
  private static final int MAX_LENGTH = 512;

  private static final Pattern PAGE = Pattern.compile("page_(\\d{1,12})_(\\d{1,9})");

  @QueryParam("start_time")
  String startTime;

  @QueryParam("end_time")
  String endTime;

  @QueryParam("bucket_width")
  String bucketWidth;

  @QueryParam("limit")
  String limit;

  @QueryParam("page")
  String page;

  @QueryParam("group_by")
  List<String> groupBy;

  @QueryParam("group_by[]")
  List<String> groupByBrackets;

  @QueryParam("project_ids")
  List<String> projectIds;

  @QueryParam("project_ids[]")
  List<String> projectIdsBrackets;

  @QueryParam("api_key_ids")
  List<String> apiKeyIds;

  @QueryParam("api_key_ids[]")
  List<String> apiKeyIdsBrackets;

  @QueryParam("user_ids")
  List<String> userIds;

  @QueryParam("user_ids[]")
  List<String> userIdsBrackets;

  @QueryParam("models")
  List<String> models;

  @QueryParam("models[]")
  List<String> modelsBrackets;

  @QueryParam("assistant_ids")
  List<String> assistantIds;

  @QueryParam("operations")
  List<String> operations;

  @QueryParam("thread_id")
  String threadId;

  @QueryParam("run_id")
  String runId;

  /**
   * Where a page begins.
   *
   * @param from the beginning of its first bucket
   * @param offset how many rows of that bucket earlier pages have
   */
  record Start(Instant from, int offset) {}

  /** The width of the buckets; a day unless the client says. */
  BucketWidth width() {
    if (bucketWidth == null) {
      return BucketWidth.DAY;
    }
    return Stream.of(BucketWidth.values())
        .filter(width -> width.wire().equals(bucketWidth))
        .findFirst()
        .orElseThrow(
            () ->
                ApiException.invalid(
                    "bucket_width", "Invalid 'bucket_width': expected 1m, 1h or 1d."));
  }

  /** How many buckets a page has. */
  int buckets(int defaultBuckets, int maxBuckets) {
    if (limit == null) {
      return defaultBuckets;
    }
    int number = limit.matches("\\d{1,6}") ? Integer.parseInt(limit) : 0;
    if (number < 1 || number > maxBuckets) {
      throw ApiException.invalid(
          "limit", "Invalid 'limit': expected a number from 1 to %d.".formatted(maxBuckets));
    }
    return number;
  }

  /** Refuses a request without a start time, as the hosted API does. */
  void requireStart() {
    if (startTime == null) {
      throw ApiException.missing("start_time");
    }
  }

  /**
   * Where the page begins: as its token says, or at the start time. Without both it has the latest
   * buckets.
   *
   * @param end behind the last moment
   * @param buckets how many buckets the page has
   */
  Start start(Instant end, BucketWidth width, int buckets) {
    if (page == null || page.isEmpty()) {
      var from =
          startTime == null
              ? end.minusNanos(1).minus(width.duration().multipliedBy(buckets - 1L))
              : TimeParam.parse("start_time", startTime);
      return new Start(width.floor(from.isBefore(Instant.EPOCH) ? Instant.EPOCH : from), 0);
    }
    var parts = PAGE.matcher(page);
    if (!parts.matches() || Long.parseLong(parts.group(1)) > TimeParam.LATEST) {
      throw ApiException.invalid(
          "page", "Invalid 'page': expected the 'next_page' of an earlier response.");
    }
    return new Start(
        width.floor(Instant.ofEpochSecond(Long.parseLong(parts.group(1)))),
        Integer.parseInt(parts.group(2)));
  }

  /** Behind the last moment; the next bucket unless the client says. */
  Instant end(Instant now, BucketWidth width) {
    return endTime == null
        ? width.floor(now).plus(width.duration())
        : TimeParam.parse("end_time", endTime);
  }

  /**
   * The dimensions to tell results apart by, in the order of the client.
   *
   * @param allowed their names on the wire
   */
  List<Dimension> groups(Map<String, Dimension> allowed) {
    var groups = new LinkedHashSet<Dimension>();
    for (var name : values("group_by", groupBy, groupByBrackets)) {
      var dimension = allowed.get(name);
      if (dimension == null) {
        throw ApiException.invalid(
            "group_by",
            "Invalid 'group_by': '%s' is none of %s."
                .formatted(name, allowed.keySet().stream().sorted().toList()));
      }
      groups.add(dimension);
    }
    return List.copyOf(groups);
  }

  /** The values that dimensions may have. */
  Map<Dimension, Set<String>> filters() {
    var filters = new EnumMap<Dimension, Set<String>>(Dimension.class);
    add(filters, Dimension.PROJECT_ID, values("project_ids", projectIds, projectIdsBrackets));
    add(filters, Dimension.API_KEY_ID, values("api_key_ids", apiKeyIds, apiKeyIdsBrackets));
    add(filters, Dimension.USER_ID, values("user_ids", userIds, userIdsBrackets));
    add(filters, Dimension.MODEL, values("models", models, modelsBrackets));
    add(filters, Dimension.ASSISTANT_ID, values("assistant_ids", assistantIds, null));
    add(filters, Dimension.OPERATION, values("operations", operations, null));
    add(filters, Dimension.THREAD_ID, one("thread_id", threadId));
    add(filters, Dimension.RUN_ID, one("run_id", runId));
    return filters;
  }

  private static void add(
      Map<Dimension, Set<String>> filters, Dimension dimension, Collection<String> values) {
    if (!values.isEmpty()) {
      filters.put(dimension, Set.copyOf(values));
    }
  }

  private static List<String> one(String field, String value) {
    return value == null ? List.of() : List.of(checked(field, value));
  }

  private static List<String> values(String field, List<String> plain, List<String> brackets) {
    var values = new ArrayList<String>();
    for (var list : Arrays.asList(plain, brackets)) {
      if (list != null) {
        list.stream().flatMap(each -> Arrays.stream(each.split(","))).forEach(values::add);
      }
    }
    if (values.size() > MAX_VALUES) {
      throw ApiException.invalid(
          field, "Invalid '%s': expected at most %d values.".formatted(field, MAX_VALUES));
    }
    values.forEach(value -> checked(field, value));
    return values.stream().distinct().toList();
  }

  private static String checked(String field, String value) {
    if (value.isEmpty() || value.length() > MAX_LENGTH) {
      throw ApiException.invalid(
          field, "Invalid '%s': expected 1 to %d characters.".formatted(field, MAX_LENGTH));
    }
    return StorableText.require(field, value);
  }
}
