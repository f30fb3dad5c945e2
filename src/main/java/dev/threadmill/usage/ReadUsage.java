package dev.threadmill.usage;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
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
    var now = clock.instant();
    var end = params.end(now, width);
    var start = params.start(end, width, buckets);
    var window = start.from().plus(width.duration().multipliedBy(buckets));
    var to = window.isBefore(end) ? window : end;
    if (!start.from().isBefore(to)) {
      return new Rows(start.from(), start.from(), width, List.of(), null);
    }
    var rows =
        store.read(
            new UsageQuery(start.from(), to, width, groups, filters), maxRows + 1, start.offset());
    if (rows.size() <= maxRows) {
      return new Rows(start.from(), to, width, rows, to.isBefore(end) ? token(to, 0) : null);
    }
    var shown = rows.subList(0, maxRows);
    var cut = rows.get(maxRows).at();
    long ofCut = shown.stream().filter(row -> row.at().equals(cut)).count();
    long before = cut.equals(start.from()) ? start.offset() : 0;
    return new Rows(
        start.from(),
        ofCut == 0 ? cut : cut.plus(width.duration()),
        width,
        shown,
        token(cut, before + ofCut));
  }

  private static String token(Instant from, long offset) {
    return "page_%d_%d".formatted(from.getEpochSecond(), offset);
  }

  /** The rows as buckets, of which each has its results; one without any is there as well. */
  static UsagePage page(Rows rows, Function<UsageRow, Object> result) {
    var buckets = new ArrayList<UsagePage.Bucket>();
    int next = 0;
    for (var at = rows.from(); at.isBefore(rows.to()); at = at.plus(rows.width().duration())) {
      var results = new ArrayList<>();
      while (next < rows.rows().size() && rows.rows().get(next).at().equals(at)) {
        results.add(result.apply(rows.rows().get(next++)));
      }
      buckets.add(
          new UsagePage.Bucket(
              "bucket",
              at.getEpochSecond(),
              at.plus(rows.width().duration()).getEpochSecond(),
              results));
    }
    return new UsagePage("page", buckets, rows.next() != null, rows.next());
  }
}
