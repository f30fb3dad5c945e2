package dev.threadmill.db;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keyset pagination over {@code (created_at, id)}. A page costs one statement at any position:
 * cursors are ids that are resolved within it. Only an empty page costs a second one, to
 * distinguish the end of the list from a cursor that does not exist.
 *
 * <p>A cursor whose row was deleted still works if this server has generated the id, which contains
 * its time. So clients can delete elements while they list.
 */
public final class Keyset {
  private static final Pattern CURSOR = Pattern.compile("[A-Za-z0-9_-]{1,140}");

  /** Uncompressed values up to this size do not count: a page of them is never large. */
  private static final int UNCOUNTED_BYTES = 8_192;

  /** The most characters of large elements in a page, before the last one. */
  private static final long MAX_PAGE_CHARACTERS = 8L << 20;

  static final String FOUND = "rows_found";

  private final String columns;
  private final String table;

  /** An expression for the size of an element, in characters; null if elements are small. */
  private String sizeExpression;

  private final StringBuilder scope = new StringBuilder("TRUE");
  private final List<Object> scopeParams = new ArrayList<>();
  private final StringBuilder filter = new StringBuilder();
  private final List<Object> filterParams = new ArrayList<>();

  private Keyset(String columns, String table) {
    this.columns = columns;
    this.table = table;
  }

  /** Runs a query. */
  @FunctionalInterface
  public interface Query<T> {
    List<T> run(String sql, Object[] params);
  }

  /** The list of these columns of a table. */
  public static Keyset of(String columns, String table) {
    return new Keyset(columns, table);
  }

  /** Restricts the list. Cursors must be within it. */
  public Keyset within(String condition, Object... params) {
    scope.append(" AND ").append(condition);
    scopeParams.addAll(List.of(params));
    return this;
  }

  /** Restricts the elements that are shown. Cursors may be other elements of the list. */
  public Keyset filteredBy(String condition, Object... params) {
    filter.append(" AND ").append(condition);
    filterParams.addAll(List.of(params));
    return this;
  }

  /**
   * A row of a page of large elements.
   *
   * @param found how many rows the page would have if none were large, from the column {@value
   *     #FOUND}
   */
  public record Counted<T>(T element, int found) {}

  /** Reads rows by JDBC that {@link #pageBoundedBySize} asks for. */
  public static <T> Query<Counted<T>> counted(Jdbc jdbc, Tx.RowMapper<T> mapper) {
    return (sql, params) ->
        jdbc.list(sql, row -> new Counted<>(mapper.map(row), row.integer(FOUND)), params);
  }

  /** The expression for the size of these columns of any type. */
  public static String sizeExpression(String... largeColumns) {
    return Stream.of(largeColumns)
        .map(
            column ->
                """
                CASE WHEN pg_column_size(%1$s) > %2$d OR pg_column_compression(%1$s) IS NOT NULL
                THEN length(%1$s::text) ELSE 0 END"""
                    .formatted(column, UNCOUNTED_BYTES))
        .collect(Collectors.joining(" + "));
  }

  /**
   * As {@link #page}, for elements that may be large: a page ends early, with {@code has_more},
   * before it becomes too large for the heap.
   *
   * @param id the id of an element
   * @param sizeOfElement its size in characters: an expression over its row, aliased {@code
   *     element}
   */
  public <T> Page<T> pageBoundedBySize(
      PageRequest request,
      Query<Counted<T>> query,
      Function<? super T, String> id,
      String sizeOfElement) {
    sizeExpression = sizeOfElement;
    var page = page(request, query, row -> id.apply(row.element()));
    boolean more = !page.data().isEmpty() && page.data().size() < page.data().getFirst().found();
    return new Page<>(page.object(), page.data(), page.firstId(), page.lastId(), more)
        .map(Counted::element);
  }

  /**
   * Reads the requested page.
   *
   * @param id the id of an element
   */
  public <T> Page<T> page(PageRequest request, Query<T> query, Function<? super T, String> id) {
    var after = checked("after", request.after());
    var before = checked("before", request.before());
    int limit = request.limit();
    boolean descending = request.descending();
    var rows = rows(query, limit, descending, Cursor.of(after), Cursor.of(before));
    if (rows.isEmpty() && (after != null || before != null)) {
      var afterCursor = located(query, "after", after, descending);
      var beforeCursor = located(query, "before", before, !descending);
      if (afterCursor instanceof Cursor.ByTime || beforeCursor instanceof Cursor.ByTime) {
        rows = rows(query, limit, descending, afterCursor, beforeCursor);
      }
    }
    return page(rows, limit, after == null && before != null, id);
  }

  /** With "before" alone the rows are read backwards from the cursor. */
  private static <T> Page<T> page(
      List<T> rows, int limit, boolean backwards, Function<? super T, String> id) {
    if (!backwards) {
      return Page.of(rows, limit, id);
    }
    boolean more = rows.size() > limit;
    var data = new ArrayList<>(more ? rows.subList(0, limit) : rows);
    Collections.reverse(data);
    var page = Page.of(data, limit, id);
    return new Page<>(page.object(), page.data(), page.firstId(), page.lastId(), more);
  }

  private <T> List<T> rows(
      Query<T> query, int limit, boolean descending, Cursor after, Cursor before) {
    boolean backwards = after == null && before != null;
    var direction = descending != backwards ? "DESC" : "ASC";
    var params = new ArrayList<>(scopeParams);
    params.addAll(filterParams);
    var sql =
        """
        SELECT %s FROM %s WHERE %s%s%s%s ORDER BY created_at %s, id %s LIMIT ?"""
            .formatted(
                sizeExpression == null ? columns : "*",
                table,
                scope,
                filter,
                beyond(descending ? "<" : ">", after, params),
                beyond(descending ? ">" : "<", before, params),
                direction,
                direction);
    params.add(limit + 1);
    return query.run(sizeExpression == null ? sql : bounded(sql, direction), params.toArray());
  }

  /** The rows of a page up to the one that exceeds the maximum size. */
  private String bounded(String rows, String direction) {
    var order = "ORDER BY created_at %s, id %s".formatted(direction, direction);
    return """
    SELECT %s, %s FROM (
      SELECT *, (count(*) OVER ())::integer AS %s,
        sum(%s) OVER (%s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ahead
      FROM (%s) AS element) AS weighed
    WHERE coalesce(ahead, 0) < %d %s"""
        .formatted(columns, FOUND, FOUND, sizeExpression, order, rows, MAX_PAGE_CHARACTERS, order);
  }

  private String beyond(String than, Cursor cursor, List<Object> params) {
    return switch (cursor) {
      case null -> "";
      case Cursor.ById(var id) -> {
        params.addAll(scopeParams);
        params.add(id);
        yield " AND (created_at, id) %s (SELECT created_at, id FROM %s WHERE %s AND id = ?)"
            .formatted(than, table, scope);
      }
      case Cursor.ByTime(var time, var id) -> {
        params.add(time.atOffset(ZoneOffset.UTC));
        params.add(id);
        yield " AND (created_at, id) %s (?, ?)".formatted(than);
      }
    };
  }

  /** The same cursor if its row exists, otherwise the position that its row had. */
  private <T> Cursor located(Query<T> query, String param, String id, boolean readingDown) {
    if (id == null) {
      return null;
    }
    var params = new ArrayList<>(scopeParams);
    params.add(id);
    var selected = sizeExpression == null ? columns : columns + ", 0 AS " + FOUND;
    var sql = "SELECT %s FROM %s WHERE %s AND id = ?".formatted(selected, table, scope);
    if (!query.run(sql, params.toArray()).isEmpty()) {
      return Cursor.of(id);
    }
    // An id has its time in milliseconds: an element may be repeated, but none is left out.
    return Ids.timeOf(id)
        .map(time -> new Cursor.ByTime(readingDown ? time.plus(Duration.ofMillis(1)) : time, id))
        .orElseThrow(
            () ->
                ApiException.invalid(
                    param, "Invalid '%s': there is no '%s' in this list.".formatted(param, id)));
  }

  private static String checked(String param, String cursor) {
    if (cursor != null && !CURSOR.matcher(cursor).matches()) {
      throw ApiException.invalid(param, "Invalid '%s': expected an id.".formatted(param));
    }
    return cursor;
  }

  private sealed interface Cursor {
    record ById(String id) implements Cursor {}

    record ByTime(Instant time, String id) implements Cursor {}

    static Cursor of(String id) {
      return id == null ? null : new ById(id);
    }
  }
}
