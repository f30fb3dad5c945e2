package dev.threadmill.db;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.util.PGobject;

/**
 * Statements on one connection. Parameters are bound by their Java type: ids and enums as text,
 * {@link Instant} as {@code timestamptz}, whatever is wrapped by {@link #json} as {@code jsonb},
 * collections of strings as {@code text[]}.
 *
 * <p>A round trip to the database costs more than most statements. What nobody waits for is put off
 * by {@link #defer} and goes out together with the next statement that is waited for, or right
 * before the commit, always in the order in which it was asked for.
 */
public final class Tx {
  /** Each number of rows is a text of its own for the database to parse and to remember. */
  private static final int MAX_DEFERRED_ROWS = 4;

  /** Only for assertions: whether a statement writes is said by the method that sends it. */
  private static final Pattern WRITES =
      Pattern.compile("\\b(?:INSERT INTO|DELETE FROM|UPDATE [a-z_]+(?: AS)?(?: [a-z]+)? SET)\\b");

  private final Connection connection;
  private final LongAdder statements;
  private final List<Runnable> afterCommit = new ArrayList<>();
  private final List<DeferredStatement> deferred = new ArrayList<>();
  private boolean changes;

  Tx(Connection connection, LongAdder statements) {
    this.connection = connection;
    this.statements = statements;
  }

  private record DeferredStatement(String sql, Object[] params) {}

  /** Makes a value of a row. */
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
    assert !WRITES.matcher(sql).find() : "a query that writes: " + sql;
    return query(sql, params, results -> readAll(results, mapper));
  }

  /** The first row of a query, which changes nothing: see {@link #updateReturningOne}. */
  public <T> Optional<T> one(String sql, RowMapper<T> mapper, Object... params) {
    assert !WRITES.matcher(sql).find() : "a query that writes: " + sql;
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
   * A statement that changes rows, whose outcome nobody waits for: it goes out with the next one
   * that is waited for, or right before the commit. If it fails, so does what it went out with.
   */
  public void defer(String sql, Object... params) {
    statements.increment();
    changes = true;
    deferred.add(new DeferredStatement(sql, params));
  }

  /**
   * As {@link #defer}, for an UPDATE that has to change just one row: else the transaction fails
   * with a {@link DatabaseException} that {@link DatabaseException#isFenced is fenced}.
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

  /** As {@link #batch}, but a few rows are put off as by {@link #defer}. */
  public void deferBatch(String sql, Collection<Object[]> rows) {
    if (rows.size() > MAX_DEFERRED_ROWS) {
      batch(sql, rows);
    } else {
      rows.forEach(params -> defer(sql, params));
    }
  }

  /** Has something done once the transaction is committed, and not at all if it is not. */
  public void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /**
   * Runs the {@link CommitHook} if something was changed, and sends the deferred statements. The
   * commit itself is another round trip: if the connection breaks before it, nothing has happened,
   * and the work can be repeated.
   */
  void beforeCommit() {
    if (changes) {
      CommitHook.current().ifPresent(hook -> hook.accept(this));
    }
    flush();
  }

  /** Sends what was put off now. */
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

  /** What is to be done once it is committed. */
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

  /** Executes a statement behind what was put off. Its result is the one that is to be read. */
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

  /** One statement, in the driver's sense, of all that was put off, which is put off no longer. */
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
