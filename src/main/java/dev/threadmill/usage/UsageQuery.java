package dev.threadmill.usage;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What usage is asked for.
 *
 * @param from the beginning of a bucket
 * @param to behind the last moment
 * @param groups the dimensions that results are told apart by, in this order
 * @param filters the values that a dimension may have; one that is left out may have any
 */
record UsageQuery(
    Instant from,
    Instant to,
    BucketWidth width,
    List<Dimension> groups,
    Map<Dimension, Set<String>> filters) {
  UsageQuery {
    groups = List.copyOf(groups);
    filters = Map.copyOf(filters);
  }

  /** Whether single calls have to be read, since sums do not have all of its dimensions. */
  boolean needsCalls() {
    return groups.stream().anyMatch(group -> !group.isSummed())
        || filters.keySet().stream().anyMatch(group -> !group.isSummed());
  }
}
