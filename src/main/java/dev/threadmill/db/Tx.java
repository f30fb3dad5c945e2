package dev.threadmill.db;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.Id;
import dev.threadmill.api.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.util.PGobject;

/**
 * Statements on one connection. Parameters are bound by their Java type: ids and enums as text,
 * {@link Instant} as {@code timestamptz}, values of {@link #json} as {@code jsonb}, collections as
 * {@code text[]}.
 *
 * <p>A round trip to the database costs more than most statements. Statements whose result is not
 * needed are {@link #defer deferred}: they are sent together with the next statement whose result
 * is needed, or right before the commit, in the order of the calls.
 */
public final class Tx {
  /** Each number of rows is another statement for the database to parse and to cache. */
  private static final int MAX_DEFERRED_ROWS = 4;

  /** Only for assertions: the method that sends a statement determines whether it writes. */
  private static final Pattern WRITES =
      Pattern.compile("\\b(?:INSERT INTO|DELETE FROM|UPDATE [a-z_]+(?: AS)?(?: [a-z]+)? SET)\\b");

  private static final Pattern LITERAL = Pattern.compile("'[^']*'");

  private final Connection connection;
  private final LongAdder statements;
  private final List<Runnable> afterCommit = new ArrayList<>();
  private final List<DeferredStatement> deferred = new ArrayList<>();
  private final Map<String, ArrayNode> collected = new LinkedHashMap<>();
  private boolean changes;

  Tx(Connection connection, LongAdder statements) {
    this.connection = connection;
    this.statements = statements;
  }

  private record DeferredStatement(String sql, Object[] params) {}

  /** Converts a row to a value. */
  @FunctionalInterface
  public interface RowMapper<T> {
    T map(Row row) throws SQLException;
  }

  /** A value that goes into a {@code jsonb} column. */
  public record JsonParam(String json) {}

  /** Binds a value as {@code jsonb}; null stays null. */
  public static JsonParam json(Object value) {
    return value == null ? null : new JsonParam(Json.write(value));
  }

  /** All rows of a query, which changes nothing: see {@link #updateReturning}. */
  public <T> List<T> list(String sql, RowMapper<T> mapper, Object... params) {
    assert !writes(sql) : "a query that writes: " + sql;
    return query(sql, params, results -> readAll(results, mapper));
  }

  /** The first row of a query, which changes nothing: see {@link #updateReturningOne}. */
  public <T> Optional<T> one(String sql, RowMapper<T> mapper, Object... params) {
    assert !writes(sql) : "a query that writes: " + sql;
    return query(sql, params, results -> readFirst(results, mapper));
  }

  /** The rows that a statement returns which changes rows. If there are none it changed nothing. */
  public <T> List<T> updateReturning(String sql, RowMapper<T> mapper, Object... params) {
    var rows = query(sql, params, results -> readAll(results, mapper));
    changes |= !rows.isEmpty();
    return rows;
  }

  /** As {@link #updateReturning}, for the first row. */
  public <T> Optional<T> updateReturningOne(String sql, RowMapper<T> mapper, Object... params) {
    var row = query(sql, params, results -> readFirst(results, mapper));
    changes |= row.isPresent();
    return row;
  }

  private static boolean writes(String sql) {
    return WRITES.matcher(LITERAL.matcher(sql).replaceAll("")).find();
  }

  private static <T> List<T> readAll(ResultSet results, RowMapper<T> mapper) throws SQLException {
    var rows = new ArrayList<T>();
    var row = new Row(results);
    while (results.next()) {
      rows.add(mapper.map(row));
    }
    return rows;
  }

  private static <T> Optional<T> readFirst(ResultSet results, RowMapper<T> mapper)
      throws SQLException {
    return results.next() ? Optional.of(mapper.map(new Row(results))) : Optional.empty();
  }

  /** A statement that changes rows. Returns how many it changed. */
  public int update(String sql, Object... params) {
    try (var statement = withDeferred(sql, params)) {
      int changed = statement.getUpdateCount();
      changes |= changed > 0;
      return changed;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * Defers a statement that changes rows and whose result is not needed. If it fails, the statement
   * that it is sent with fails, or the commit.
   */
  public void defer(String sql, Object... params) {
    statements.increment();
    changes = true;
    deferred.add(new DeferredStatement(sql, params));
  }

  /**
   * As {@link #defer}, for an UPDATE that has to change exactly one row; otherwise the transaction
   * fails with a {@link DatabaseException} that {@link DatabaseException#isFenced is fenced}.
   */
  public void deferFenced(String update, Object... params) {
    defer(
        "WITH changed AS (%s RETURNING 1) SELECT require_one(count(*)) FROM changed"
            .formatted(update),
        params);
  }

  /** The same statement for many rows, in one round trip. */
  public void batch(String sql, Collection<Object[]> rows) {
    if (rows.isEmpty()) {
      return;
    }
    flush();
    changes = true;
    statements.increment();
    try (var statement = connection.prepareStatement(sql)) {
      for (var params : rows) {
        bind(statement, 0, params);
        statement.addBatch();
      }
      statement.executeBatch();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** As {@link #batch}, but up to four rows are deferred. */
  public void deferBatch(String sql, Collection<Object[]> rows) {
    if (rows.size() > MAX_DEFERRED_ROWS) {
      batch(sql, rows);
    } else {
      rows.forEach(params -> defer(sql, params));
    }
  }

  /**
   * Collects rows for a statement that is deferred once, as the last of the transaction, however
   * many rows there are.
   *
   * @param sql with one parameter, a JSON array of the rows in the order of the calls
   */
  public void collect(String sql, JsonNode row) {
    changes = true;
    collected.computeIfAbsent(sql, _ -> Json.MAPPER.createArrayNode()).add(row);
  }

  /** Runs an action after the transaction is committed; not if it is rolled back. */
  public void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /**
   * Runs the {@link CommitHook} if something was changed, and sends the deferred statements. The
   * commit itself is another round trip: if the connection breaks before it, nothing is written,
   * and the work can be repeated.
   */
  void beforeCommit() {
    collected.forEach((sql, rows) -> defer(sql, (Object) rows));
    collected.clear();
    if (changes) {
      CommitHook.current().ifPresent(hook -> hook.accept(this));
    }
    flush();
  }

  /** Sends the deferred statements. */
  private void flush() {
    if (deferred.isEmpty()) {
      return;
    }
    try (var statement = prepareDeferred()) {
      statement.execute();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** The actions to run after the commit. */
  List<Runnable> afterCommit() {
    return afterCommit;
  }

  private interface Results<T> {
    T read(ResultSet results) throws SQLException;
  }

  private <T> T query(String sql, Object[] params, Results<T> reading) {
    try (var statement = withDeferred(sql, params);
        var results = statement.getResultSet()) {
      return reading.read(results);
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** Executes a statement after the deferred ones. The current result is its own. */
  private PreparedStatement withDeferred(String sql, Object[] params) throws SQLException {
    statements.increment();
    int before = deferred.size();
    deferred.add(new DeferredStatement(sql, params));
    var statement = prepareDeferred();
    try {
      statement.execute();
      for (int i = 0; i < before; i++) {
        statement.getMoreResults();
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  /** All deferred statements as one of the driver's; they are deferred no longer. */
  private PreparedStatement prepareDeferred() throws SQLException {
    var all = List.copyOf(deferred);
    deferred.clear();
    var sql =
        all.size() == 1
            ? all.getFirst().sql()
            : all.stream().map(DeferredStatement::sql).collect(Collectors.joining(";\n"));
    var statement = connection.prepareStatement(sql);
    try {
      int at = 0;
      for (var each : all) {
        bind(statement, at, each.params());
        at += each.params().length;
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  /**
   * @param before how many parameters are bound already
   */
  private void bind(PreparedStatement statement, int before, Object[] params) throws SQLException {
    for (int i = 0; i < params.length; i++) {
      bind(statement, before + i + 1, params[i]);
    }
  }

  private void bind(PreparedStatement statement, int at, Object value) throws SQLException {
    switch (value) {
      case null -> statement.setNull(at, Types.NULL);
      case String text -> statement.setString(at, text);
      case Id id -> statement.setString(at, id.value());
      case Enum<?> constant -> statement.setString(at, constant.name().toLowerCase(Locale.ROOT));
      case Instant instant -> statement.setObject(at, instant.atOffset(ZoneOffset.UTC));
      case JsonParam json -> statement.setObject(at, jsonb(json.json()));
      case JsonNode json -> statement.setObject(at, jsonb(json.toString()));
      case Collection<?> texts ->
          statement.setArray(
              at, connection.createArrayOf("text", texts.stream().map(Object::toString).toArray()));
      default -> statement.setObject(at, value);
    }
  }

  private static PGobject jsonb(String json) throws SQLException {
    var object = new PGobject();
    object.setType("jsonb");
    object.setValue(json);
    return object;
  }
}
