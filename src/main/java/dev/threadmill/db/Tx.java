package dev.threadmill.db;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Id;
import dev.threadmill.api.IdempotencyContext;
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

  /** All rows of a query. */
  public <T> List<T> list(String sql, RowMapper<T> mapper, Object... params) {
    return query(
        sql,
        params,
        results -> {
          var rows = new ArrayList<T>();
          var row = new Row(results);
          while (results.next()) {
            rows.add(mapper.map(row));
          }
          noteChange(sql, rows.size());
          return rows;
        });
  }

  /** The first row of a query. */
  public <T> Optional<T> one(String sql, RowMapper<T> mapper, Object... params) {
    return query(
        sql,
        params,
        results -> {
          if (!results.next()) {
            return Optional.empty();
          }
          noteChange(sql, 1);
          return Optional.of(mapper.map(new Row(results)));
        });
  }

  /** A statement that changes rows. Returns how many it changed. */
  public int update(String sql, Object... params) {
    try (var statement = withDeferred(sql, params)) {
      int changed = statement.getUpdateCount();
      noteChange(sql, changed);
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
   * Stores with the key of the request in hand, if it has one, that it has taken effect; and sends
   * what was put off. The commit itself is a round trip of its own: if the connection breaks before
   * it, nothing has happened, and the work can be done again.
   */
  void beforeCommit() {
    if (changes) {
      IdempotencyContext.current().ifPresent(request -> IdempotencyMarker.mark(this, request));
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

  private void noteChange(String sql, int rows) {
    if (rows > 0 && !changes && IdempotencyContext.current().isPresent()) {
      changes = IdempotencyMarker.isChange(sql);
    }
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
