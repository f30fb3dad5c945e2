package dev.threadmill.usage;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Reads usage page by page: a number of buckets, and of results at most. */
@ApplicationScoped
class ReadUsage {
  /** The most results of a page. One that has more ends within its buckets. */
  static final int MAX_RESULTS = 5_000;

  private final UsageStore store;
  private final InstantSource clock;

  ReadUsage(UsageStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Rows of some buckets.
   *
   * @param to the end of the last bucket
   * @param next the token of the next page; null at the end
   */
  record Rows(Instant from, Instant to, BucketWidth width, List<UsageRow> rows, String next) {}

  /**
   * The rows of a page.
   *
   * @param buckets how many buckets it may have
   * @param maxRows how many rows it may have
   */
  Rows rows(
      UsageParams params,
      BucketWidth width,
      int buckets,
      List<Dimension> groups,
      Map<Dimension, Set<String>> filters,
      int maxRows) {
    var page = buckets(params, width, buckets);
    if (!page.from().isBefore(page.to())) {
      return page;
    }
    int offset = params.start(page.to(), width, buckets).offset();
    var rows =
        store.read(
            new UsageQuery(page.from(), page.to(), width, groups, filters), maxRows + 1, offset);
    if (rows.size() <= maxRows) {
      return new Rows(page.from(), page.to(), width, rows, page.next());
    }
    var shown = rows.subList(0, maxRows);
    var cut = rows.get(maxRows).at();
    long ofCut = shown.stream().filter(row -> row.at().equals(cut)).count();
    long before = cut.equals(page.from()) ? offset : 0;
    return new Rows(
        page.from(),
        ofCut == 0 ? cut : cut.plus(width.duration()),
        width,
        shown,
        token(cut, before + ofCut));
  }

  private static String token(Instant from, long offset) {
    return "page_%d_%d".formatted(from.getEpochSecond(), offset);
  }

  /** The buckets of a page, without rows. */
  Rows buckets(UsageParams params, BucketWidth width, int buckets) {
    var end = params.end(clock.instant(), width);
    var start = params.start(end, width, buckets);
    var window = start.from().plus(width.duration().multipliedBy(buckets));
    var to = window.isBefore(end) ? window : end;
    return start.from().isBefore(to)
        ? new Rows(start.from(), to, width, List.of(), to.isBefore(end) ? token(to, 0) : null)
        : new Rows(start.from(), start.from(), width, List.of(), null);
  }

  /** Buckets whose results do not come from rows. */
  static UsagePage page(Rows buckets, Function<Instant, List<Object>> results) {
    var data = new ArrayList<UsagePage.Bucket>();
    for (var at = buckets.from();
        at.isBefore(buckets.to());
        at = at.plus(buckets.width().duration())) {
      data.add(
          new UsagePage.Bucket(
              "bucket",
              at.getEpochSecond(),
              at.plus(buckets.width().duration()).getEpochSecond(),
              results.apply(at)));
    }
    return new UsagePage("page", data, buckets.next() != null, buckets.next());
  }

  /** The rows as buckets, of which each has its results; one without any is there as well. */
  static UsagePage pageOf(Rows rows, Function<UsageRow, Object> result) {
    var byBucket = new HashMap<Instant, List<Object>>();
    for (var row : rows.rows()) {
      byBucket.computeIfAbsent(row.at(), _ -> new ArrayList<>()).add(result.apply(row));
    }
    return page(rows, at -> byBucket.getOrDefault(at, List.of()));
  }
}
