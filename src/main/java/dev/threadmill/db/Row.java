package dev.threadmill.db;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The current row of a query, read by column name. Every getter returns null for SQL NULL. */
public final class Row {
  private final ResultSet results;

  Row(ResultSet results) {
    this.results = results;
  }

  public String text(String column) throws SQLException {
    return results.getString(column);
  }

  /** A text column as another type, such as an id. */
  public <T> T text(String column, Function<String, T> type) throws SQLException {
    var value = results.getString(column);
    return value == null ? null : type.apply(value);
  }

  /** A text column with the name of an enum constant in lower case. */
  public <E extends Enum<E>> E enumValue(String column, Class<E> type) throws SQLException {
    return text(column, name -> Enum.valueOf(type, name.toUpperCase(Locale.ROOT)));
  }

  public Instant instant(String column) throws SQLException {
    var value = results.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }

  public Integer integer(String column) throws SQLException {
    int value = results.getInt(column);
    return results.wasNull() ? null : value;
  }

  public Long bigint(String column) throws SQLException {
    long value = results.getLong(column);
    return results.wasNull() ? null : value;
  }

  public Double float8(String column) throws SQLException {
    double value = results.getDouble(column);
    return results.wasNull() ? null : value;
  }

  public Boolean bool(String column) throws SQLException {
    boolean value = results.getBoolean(column);
    return results.wasNull() ? null : value;
  }

  public <T> T json(String column, Class<T> type) throws SQLException {
    return Json.read(results.getString(column), type);
  }

  public <T> T json(String column, TypeReference<T> type) throws SQLException {
    return Json.read(results.getString(column), type);
  }

  /** A column of type {@code text[]}. */
  public List<String> texts(String column) throws SQLException {
    var array = results.getArray(column);
    return array == null ? null : List.of((String[]) array.getArray());
  }

  /** A column of type {@code real[]}. */
  public Float[] float4Array(String column) throws SQLException {
    var array = results.getArray(column);
    return array == null ? null : (Float[]) array.getArray();
  }

  /**
   * SQL for a column that {@link #instantFromMicros} reads: faster than timestamps for thousands of
   * rows.
   */
  public static String asMicros(String time) {
    return "(date_part('epoch', %s) * 1000000)::bigint".formatted(time);
  }

  /** A time from a column of {@link #asMicros microseconds} since 1970. */
  public Instant instantFromMicros(String column) throws SQLException {
    var micros = bigint(column);
    return micros == null ? null : Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  public byte[] bytes(String column) throws SQLException {
    return results.getBytes(column);
  }
}
