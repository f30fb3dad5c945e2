package dev.threadmill.db;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Id;
import dev.threadmill.api.Json;
import dev.threadmill.api.KeyedRequest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.postgresql.util.PGobject;

/**
 * Statements on one connection. Parameters are bound by their Java type: ids and enums as text,
 * {@link Instant} as {@code timestamptz}, whatever is wrapped by {@link #json} as {@code jsonb},
 * collections of strings as {@code text[]}.
 */
public final class Tx {
  private final Connection connection;
  private final LongAdder statements;
  private final List<Runnable> afterCommit = new ArrayList<>();
  private boolean changes;

  Tx(Connection connection, LongAdder statements) {
    this.connection = connection;
    this.statements = statements;
  }

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
    try (var statement = prepare(sql, params);
        var results = statement.executeQuery()) {
      var rows = new ArrayList<T>();
      var row = new Row(results);
      while (results.next()) {
        rows.add(mapper.map(row));
      }
      noteChange(sql, rows.size());
      return rows;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** The first row of a query. */
  public <T> Optional<T> one(String sql, RowMapper<T> mapper, Object... params) {
    try (var statement = prepare(sql, params);
        var results = statement.executeQuery()) {
      if (!results.next()) {
        return Optional.empty();
      }
      noteChange(sql, 1);
      return Optional.of(mapper.map(new Row(results)));
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** A statement that changes rows. Returns how many it changed. */
  public int update(String sql, Object... params) {
    try (var statement = prepare(sql, params)) {
      int changed = statement.executeUpdate();
      noteChange(sql, changed);
      return changed;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** The same statement for many rows, in one round trip. */
  public void batch(String sql, Collection<Object[]> rows) {
    if (rows.isEmpty()) {
      return;
    }
    changes = true;
    statements.increment();
    try (var statement = connection.prepareStatement(sql)) {
      for (var params : rows) {
        bind(statement, params);
        statement.addBatch();
      }
      statement.executeBatch();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** Has something done once the transaction is committed, and not at all if it is not. */
  public void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /** Stores with the key of the request in hand, if it has one, that it has taken effect. */
  void beforeCommit() {
    if (changes) {
      KeyedRequest.current().ifPresent(request -> KeyedEffects.mark(this, request));
    }
  }

  void runAfterCommit() {
    afterCommit.forEach(Runnable::run);
  }

  private void noteChange(String sql, int rows) {
    if (rows > 0 && !changes && KeyedRequest.current().isPresent()) {
      changes = KeyedEffects.isChange(sql);
    }
  }

  private PreparedStatement prepare(String sql, Object[] params) throws SQLException {
    statements.increment();
    var statement = connection.prepareStatement(sql);
    try {
      bind(statement, params);
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  private void bind(PreparedStatement statement, Object[] params) throws SQLException {
    for (int i = 0; i < params.length; i++) {
      bind(statement, i + 1, params[i]);
    }
  }

  private void bind(PreparedStatement statement, int at, Object value) throws SQLException {
    switch (value) {
      case null -> statement.setNull(at, Types.NULL);
      case String text -> statement.setString(at, text);
      case Id id -> statement.setString(at, id.value());
      case Enum<?> constant -> statement.setString(at, constant.name().toLowerCase());
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
