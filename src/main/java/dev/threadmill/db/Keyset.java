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
 * A list in pages, ordered by {@code (created_at, id)}. A page costs one statement, whatever its
 * place: cursors are ids, resolved within it. Only a page that comes out empty is looked at twice,
 * to tell the end of the list from a cursor that does not exist.
 *
 * <p>A cursor whose row was deleted since still works if the id is one of ours, which hold their
 * time: so a client may delete what it lists while it lists.
 */
public final class Keyset {
  private static final Pattern CURSOR = Pattern.compile("[A-Za-z0-9_-]{1,140}");

  /**
   * What is smaller, and not because it is compressed, does not count: a page of it is not large.
   */
  private static final int UNCOUNTED_BYTES = 8_192;

  /** Of the large elements of a page, before the last of them. */
  private static final long MAX_PAGE_CHARACTERS = 8L << 20;

  static final String FOUND = "rows_found";

  private final String columns;
  private final String table;

  /** What an element counts in the size of a page; null if they are small. */
  private String sizeExpression;

  private final StringBuilder scope = new StringBuilder("TRUE");
  private final List<Object> scopeParams = new ArrayList<>();
  private final StringBuilder filter = new StringBuilder();
  private final List<Object> filterParams = new ArrayList<>();

  private Keyset(String columns, String table) {
    this.columns = columns;
    this.table = table;
  }

  /** Runs a query with these parameters. */
  @FunctionalInterface
  public interface Query<T> {
    List<T> run(String sql, Object[] params);
  }

  /** The list of these columns of a table. */
  public static Keyset of(String columns, String table) {
    return new Keyset(columns, table);
  }

  /** Narrows the list to what it is about. Cursors must lie within it. */
  public Keyset within(String condition, Object... params) {
    scope.append(" AND ").append(condition);
    scopeParams.addAll(List.of(params));
    return this;
  }

  /** Narrows what is shown of the list. Cursors may lie outside of it. */
  public Keyset filteredBy(String condition, Object... params) {
    filter.append(" AND ").append(condition);
    filterParams.addAll(List.of(params));
    return this;
  }

  /**
   * A row of a page of large elements.
   *
   * @param found how many rows the page would have if none were large: what the statement tells as
   *     {@value #FOUND}
   */
  public record Counted<T>(T element, int found) {}

  /** Reads rows by JDBC that {@link #pageBoundedBySize} asks for. */
  public static <T> Query<Counted<T>> counted(Jdbc jdbc, Tx.RowMapper<T> mapper) {
    return (sql, params) ->
        jdbc.list(sql, row -> new Counted<>(mapper.map(row), row.integer(FOUND)), params);
  }

  /** What these columns of a row, of any type, count in the size of a page. */
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
   * As {@link #page}, of elements that may be large: a page ends early, and says that there are
   * more, rather than be too large for the server.
   *
   * @param id the id of an element
   * @param weightOfOne what an element counts, in characters: an expression of its row, aliased
   *     {@code element}
   */
  public <T> Page<T> pageBoundedBySize(
      PageRequest request,
      Query<Counted<T>> query,
      Function<? super T, String> id,
      String weightOfOne) {
    sizeExpression = weightOfOne;
    var page = page(request, query, row -> id.apply(row.element()));
    boolean more = !page.data().isEmpty() && page.data().size() < page.data().getFirst().found();
    return new Page<>(page.object(), page.data(), page.firstId(), page.lastId(), more)
        .map(Counted::element);
  }

  /**
   * Reads the page that was asked for.
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

  /** With "before" alone the rows were read backwards from the cursor. */
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

  /** The rows of a page up to the one with which it is large enough. */
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

  /** The same cursor if its row exists, otherwise the place where it must have been. */
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
    // An id knows its time to the millisecond only: rather repeat an element than leave one out.
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
