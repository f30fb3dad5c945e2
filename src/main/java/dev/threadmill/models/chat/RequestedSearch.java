package dev.threadmill.models.chat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.models.ModelRequest;
import java.util.List;

/** Reads how the provider may search the web for an answer: {@code web_search_options}. */
final class RequestedSearch {
  static final String FIELD = "web_search_options";
  private static final List<String> SIZES = List.of("low", "medium", "high");
  private static final List<String> PLACE = List.of("city", "country", "region", "timezone");
  private static final int MAX_PLACE = 256;

  private RequestedSearch() {}

  /**
   * The search; null for none.
   *
   * @throws dev.threadmill.api.ApiException 400 that names the field
   */
  static ModelRequest.WebSearch of(JsonNode given) {
    var options = new ChatField(FIELD, given);
    if (options.isAbsent()) {
      return null;
    }
    options.allowOnly("search_context_size", "user_location");
    var size = options.get("search_context_size");
    if (!size.isAbsent() && !SIZES.contains(size.text())) {
      throw size.invalid("one of 'low', 'medium' and 'high'");
    }
    return new ModelRequest.WebSearch(
        size.isAbsent() ? null : size.text(), place(options.get("user_location")));
  }

  private static JsonNode place(ChatField location) {
    if (location.isAbsent()) {
      return null;
    }
    location.allowOnly("type", "approximate");
    if (!location.get("type").text().equals("approximate")) {
      throw location.get("type").invalid("'approximate'");
    }
    var place = location.get("approximate");
    place.allowOnly(PLACE.toArray(String[]::new));
    for (var field : PLACE) {
      var value = place.get(field);
      if (!value.isAbsent() && value.text().length() > MAX_PLACE) {
        throw value.invalid("at most %d characters".formatted(MAX_PLACE));
      }
    }
    return place.value();
  }
}
