package dev.threadmill.api;

import java.util.List;
import java.util.function.Function;

/**
 * One page of a list, in the envelope of all lists.
 *
 * @param firstId the first element's id, empty on an empty page: SDKs that validate want a string
 * @param lastId the last element's id, which the SDKs send back as {@code after}
 */
public record Page<T>(String object, List<T> data, String firstId, String lastId, boolean hasMore) {
  public Page {
    data = List.copyOf(data);
  }

  /**
   * A page of rows that were read with limit + 1; the surplus row says whether there are more.
   *
   * @param rows in the order of the page
   */
  public static <T> Page<T> of(List<T> rows, int limit, Function<? super T, String> id) {
    boolean more = rows.size() > limit;
    var data = more ? rows.subList(0, limit) : rows;
    return new Page<>(
        "list",
        data,
        data.isEmpty() ? "" : id.apply(data.getFirst()),
        data.isEmpty() ? "" : id.apply(data.getLast()),
        more);
  }

  /** The same page with its elements mapped. */
  public <R> Page<R> map(Function<? super T, ? extends R> show) {
    return new Page<>(object, data.stream().<R>map(show).toList(), firstId, lastId, hasMore);
  }
}
