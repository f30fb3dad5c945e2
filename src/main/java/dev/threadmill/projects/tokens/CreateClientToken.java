package dev.threadmill.projects.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.projects.KeyLifetime;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The body of {@code POST /v1/client_tokens}.
 *
 * @param user whose threads it opens and sees
 * @param assistants those that it may run; null for all of the project
 * @param origins of the pages that may use it; null for all
 * @param expiresAfter null for ten minutes
 * @param limits as those of an API key; null for none besides those of the key and the project
 */
record CreateClientToken(
    String user,
    List<AssistantId> assistants,
    List<String> origins,
    KeyLifetime expiresAfter,
    JsonNode limits) {
  private static final int MAX_USER = 256;
  private static final int MAX_LISTED = 50;
  private static final int MAX_ORIGIN = 256;
  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Duration DEFAULT = Duration.ofMinutes(10);

  /** As browsers send it: without a path, and without a port that goes without saying. */
  private static final Pattern ORIGIN = Pattern.compile("https?://[a-z0-9.\\-\\[\\]:]+");

  CreateClientToken {
    Bounds.requiredText("user", user, MAX_USER);
    assistants = notEmpty("assistants", Bounds.list("assistants", assistants, MAX_LISTED));
    origins = notEmpty("origins", Bounds.list("origins", origins, MAX_LISTED));
    if (origins != null) {
      origins = origins.stream().map(text -> text.toLowerCase(Locale.ROOT)).toList();
      for (int i = 0; i < origins.size(); i++) {
        requireOrigin("origins[%d]".formatted(i), origins.get(i));
      }
    }
    if (expiresAfter != null) {
      expiresAfter.requireWithin("expires_after", SHORTEST, LONGEST);
    }
  }

  private static <T> List<T> notEmpty(String param, List<T> list) {
    if (list != null && list.isEmpty()) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected at least one, or null for all.".formatted(param));
    }
    return list;
  }

  private static void requireOrigin(String param, String origin) {
    if (origin.length() > MAX_ORIGIN || !ORIGIN.matcher(origin).matches()) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': expected the origin of a page, such as 'https://app.example.com'."
              .formatted(param));
    }
  }

  /** How long it works. */
  Duration lifetime() {
    return expiresAfter == null ? DEFAULT : Duration.ofSeconds(expiresAfter.seconds());
  }
}
