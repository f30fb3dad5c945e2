package dev.threadmill.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.ContextualDeserializer;
import java.io.IOException;
import java.util.function.Function;

/**
 * A body field of a modify call, which may be left out, sent as null, or sent with a value: "leave
 * it", "clear it" and "set it".
 */
@JsonDeserialize(using = Field.Deserializer.class)
public sealed interface Field<T> {
  /** The field was not in the body. */
  record Absent<T>() implements Field<T> {}

  /** The field was in the body. The value is null if it was sent as null. */
  record Present<T>(T value) implements Field<T> {}

  static <T> Field<T> absent() {
    return new Absent<>();
  }

  static <T> Field<T> of(T value) {
    return new Present<>(value);
  }

  /** The value that was sent (possibly null), or {@code current} if the field was absent. */
  default T orElse(T current) {
    return switch (this) {
      case Absent<T> _ -> current;
      case Present<T>(var value) -> value;
    };
  }

  /** The same field with this value if it was sent as null. */
  default Field<T> replaceNull(T other) {
    return this instanceof Present<T>(var value) && value == null ? of(other) : this;
  }

  default boolean isPresent() {
    return this instanceof Present<T>;
  }

  /** The same field with its value, if it was sent and is not null, checked or changed. */
  default <R> Field<R> map(Function<? super T, ? extends R> change) {
    return switch (this) {
      case Absent<T> _ -> absent();
      case Present<T>(var value) -> of(value == null ? null : change.apply(value));
    };
  }

  /** Distinguishes absent from null, for which Jackson calls different methods. */
  final class Deserializer extends JsonDeserializer<Field<?>> implements ContextualDeserializer {
    private final JavaType valueType;

    Deserializer() {
      this(null);
    }

    private Deserializer(JavaType valueType) {
      this.valueType = valueType;
    }

    @Override
    public JsonDeserializer<?> createContextual(
        DeserializationContext context, BeanProperty property) {
      var type = property == null ? context.getContextualType() : property.getType();
      return new Deserializer(type.containedTypeOrUnknown(0));
    }

    @Override
    public Field<?> deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      return of(context.readValue(parser, valueType));
    }

    @Override
    public Field<?> getNullValue(DeserializationContext context) {
      return of(null);
    }

    @Override
    public Object getAbsentValue(DeserializationContext context) {
      return absent();
    }
  }
}
