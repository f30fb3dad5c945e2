package dev.threadmill.db;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.heap.AnswerMemory;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
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

  static final String CHARACTERS = "page_characters";

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
   * @param element null in the only row of a page that is too large for what is allowed, or empty
   * @param found how many rows the page would have if none were large, from the column {@value
   *     #FOUND}; null without an element
   * @param characters that the large elements of the page have, from the column {@value
   *     #CHARACTERS}
   */
  public record Counted<T>(T element, Integer found, long characters) {}

  /** Reads rows by JDBC that {@link #pageBoundedBySize} asks for. */
  public static <T> Query<Counted<T>> counted(Jdbc jdbc, Tx.RowMapper<T> mapper) {
    return (sql, params) ->
        jdbc.list(
            sql,
            row -> {
              Integer found = row.integer(FOUND);
              return new Counted<>(
                  found == null ? null : mapper.map(row), found, row.bigint(CHARACTERS));
            },
            params);
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
   * before it becomes too large for the heap, and is loaded under a permit of {@link AnswerMemory}.
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
    var page = page(request, underPermit(query), row -> id.apply(row.element()));
    boolean more = !page.data().isEmpty() && page.data().size() < page.data().getFirst().found();
    return new Page<>(page.object(), page.data(), page.firstId(), page.lastId(), more)
        .map(Counted::element);
  }

  /**
   * Reads one element that may be large, under a permit of {@link AnswerMemory}.
   *
   * @param sizeOfElement as of {@link #pageBoundedBySize}
   */
  public <T> Optional<T> find(String id, Query<Counted<T>> query, String sizeOfElement) {
    sizeExpression = sizeOfElement;
    return underPermit(query).run(located(), paramsWith(id)).stream()
        .findFirst()
        .map(Counted::element);
  }

  private String located() {
    var selected = sizeExpression == null ? columns : "*";
    var row = "SELECT %s FROM %s WHERE %s AND id = ?".formatted(selected, table, scope);
    return sizeExpression == null ? row : bounded(row, "ASC");
  }

  private Object[] paramsWith(String id) {
    var params = new ArrayList<>(scopeParams);
    params.add(id);
    return params.toArray();
  }

  /** Adds how many characters may be loaded as the last parameter, and leaves out empty rows. */
  private static <T> Query<Counted<T>> underPermit(Query<Counted<T>> query) {
    return (sql, params) ->
        AnswerMemory.current()
            .load(
                maxCharacters -> {
                  var allParams = Arrays.copyOf(params, params.length + 1);
                  allParams[params.length] = maxCharacters;
                  var rows = query.run(sql, allParams);
                  long characters = rows.isEmpty() ? 0 : rows.getFirst().characters();
                  return new AnswerMemory.Loaded<>(
                      rows.stream().filter(row -> row.element() != null).toList(), characters);
                });
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

  /**
   * The rows of a page up to the one that exceeds the maximum size; if they have more characters
   * than the last parameter allows, one row that only says how many.
   */
  private String bounded(String rows, String direction) {
    var order = "ORDER BY created_at %s, id %s".formatted(direction, direction);
    return """
    WITH weighed AS (
      SELECT *, (count(*) OVER ())::integer AS %s,
        coalesce(sum(weight) OVER
          (%s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead
      FROM (SELECT *, (%s)::bigint AS weight FROM (%s) AS element) AS element),
    page AS (
      SELECT coalesce(max(ahead + weight), 0)::bigint AS %s FROM weighed WHERE ahead < %d)
    SELECT %s, %s, %s FROM page LEFT JOIN weighed ON ahead < %d AND %s <= ? %s"""
        .formatted(
            FOUND,
            order,
            sizeExpression,
            rows,
            CHARACTERS,
            MAX_PAGE_CHARACTERS,
            columns,
            FOUND,
            CHARACTERS,
            MAX_PAGE_CHARACTERS,
            CHARACTERS,
            order);
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
    if (!query.run(located(), paramsWith(id)).isEmpty()) {
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
