package dev.threadmill.db;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import dev.threadmill.api.Json;
import io.quarkus.hibernate.orm.JsonFormat;
import io.quarkus.hibernate.orm.PersistenceUnitExtension;
import org.hibernate.type.descriptor.WrapperOptions;
import org.hibernate.type.format.FormatMapper;

/** Makes Hibernate use the server's JSON mapper for {@code jsonb} columns. */
@JsonFormat
@PersistenceUnitExtension
public class JsonColumns implements FormatMapper {
  @Override
  public <T> T fromString(
      CharSequence json,
      org.hibernate.type.descriptor.java.JavaType<T> type,
      WrapperOptions options) {
    try {
      return Json.MAPPER.readValue(json.toString(), jackson(type));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot read a stored " + type.getTypeName(), e);
    }
  }

  @Override
  public <T> String toString(
      T value, org.hibernate.type.descriptor.java.JavaType<T> type, WrapperOptions options) {
    // By the class of the value: variants of a union have annotations of their own.
    return Json.write(value);
  }

  private static JavaType jackson(org.hibernate.type.descriptor.java.JavaType<?> type) {
    return Json.MAPPER.constructType(type.getJavaType());
  }
}
