package dev.threadmill.files.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import dev.threadmill.files.ReceivedContent;
import java.util.Map;
import java.util.Optional;

/**
 * A form with one file. The file is closed with it.
 *
 * @param filename as the client says; null if it does not
 * @param contentType as the client says; null if it does not
 * @param fields the other fields by name
 */
public record ReceivedForm(
    ReceivedContent content, String filename, String contentType, Map<String, String> fields)
    implements AutoCloseable {
  public ReceivedForm {
    fields = Map.copyOf(fields);
  }

  /** A field of the form as text. */
  Optional<String> field(String name) {
    return Optional.ofNullable(fields.get(name)).map(text -> StorableText.require(name, text));
  }

  /** A field of the form as an integer; 400 if it is none. */
  Optional<Integer> integer(String name) {
    return field(name)
        .map(
            text -> {
              try {
                return Integer.valueOf(text.strip());
              } catch (NumberFormatException e) {
                throw ApiException.invalid(
                    name, "invalid_type", "Invalid '%s': expected an integer.".formatted(name));
              }
            });
  }

  @Override
  public void close() {
    content.close();
  }
}
