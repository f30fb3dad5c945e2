package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.StorableText;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Reads {@code metadata[key]=value} from a query string. */
public final class MetadataFilter {
  private static final String PREFIX = "metadata[";

  private MetadataFilter() {}

  /**
   * The pairs that the metadata has to contain.
   *
   * @param filter what stored metadata have passed
   */
  public static Map<String, String> of(
      MultivaluedMap<String, String> query, UnaryOperator<String> filter) {
    var pairs = new LinkedHashMap<String, String>();
    query.forEach(
        (name, values) -> {
          if (name.equals("metadata") || name.startsWith(PREFIX)) {
            var value = value(name, values.size() == 1 ? values.getFirst() : null);
            pairs.put(filter.apply(key(name)), filter.apply(value));
          }
        });
    return new Metadata(pairs).pairs();
  }

  private static String key(String name) {
    if (!name.endsWith("]") || name.length() <= PREFIX.length() + 1) {
      throw ApiException.invalid("metadata", "Invalid 'metadata': expected metadata[key]=value.");
    }
    return value("metadata", name.substring(PREFIX.length(), name.length() - 1));
  }

  private static String value(String name, String value) {
    if (value == null || !StorableText.isStorable(value)) {
      throw ApiException.invalid(
          "metadata", "Invalid '%s': expected one text.".formatted(StorableText.of(name)));
    }
    return value;
  }
}
