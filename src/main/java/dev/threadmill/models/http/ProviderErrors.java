package dev.threadmill.models.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Tells what a provider's error means for the caller, and whether to try again. */
public final class ProviderErrors {
  private static final Pattern ADDRESS = Pattern.compile("https?://\\S+");
  private static final Pattern KEY = Pattern.compile("\\b(?:sk|pk|gsk|key)-[A-Za-z0-9_*.-]{4,}");
  private static final Pattern SECONDS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
  private static final int LONGEST_MESSAGE = 500;

  private final ProviderConfig settings;
  private final InstantSource clock;

  public ProviderErrors(ProviderConfig settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * The fault of an answer with an error status.
   *
   * @param header gives a header's value, or an empty text
   * @param body what the provider says about it; null if it cannot be read
   */
  public ProviderException fromStatus(
      int status, UnaryOperator<String> header, JsonNode body, String model) {
    var error = error(body);
    boolean again = !"false".equalsIgnoreCase(header.apply("x-should-retry"));
    if (status == 429) {
      return rateLimited(error, again, retryAfter(header));
    }
    if (status == 408 || status == 409 || status >= 500) {
      var message = "The provider '%s' answered with status %d.".formatted(settings.name(), status);
      return again
          ? ProviderException.retryable(
              ModelException.Kind.PROVIDER_FAILED, message, retryAfter(header))
          : ProviderException.permanent(ModelException.Kind.PROVIDER_FAILED, message);
    }
    return switch (status) {
      case 400, 413, 422 -> invalid(error);
      case 401, 403 ->
          ProviderException.permanent(
              ModelException.Kind.PROVIDER_FAILED,
              "The provider '%s' does not accept the key: check %s."
                  .formatted(settings.name(), settings.apiKeySetting()));
      case 404 -> unknown(model);
      default ->
          ProviderException.permanent(
              ModelException.Kind.PROVIDER_FAILED,
              "The provider '%s' answered with status %d.".formatted(settings.name(), status));
    };
  }

  /** The fault that a provider tells in the middle of a stream; null if this is none. */
  public ProviderException fromStreamEvent(JsonNode body, String eventName, String model) {
    var told = body.path("error");
    if (told.isMissingNode() || told.isNull()) {
      if (!eventName.equals("error")) {
        return null;
      }
      told = body;
    }
    var code = told.path("code").asText("");
    var type = told.path("type").asText("");
    if (code.equals("429") || (type + code).contains("rate_limit") || isQuota(told)) {
      return rateLimited(told, true, Optional.empty());
    }
    if (code.equals("model_not_found")) {
      return unknown(model);
    }
    if (type.equals("invalid_request_error") || code.startsWith("context_length")) {
      return invalid(told);
    }
    return ProviderException.retryable(
        ModelException.Kind.PROVIDER_FAILED,
        "The provider '%s' reported an error in its answer.".formatted(settings.name()),
        Optional.empty());
  }

  /** The provider sent nothing for this long. */
  public ProviderException readTimeout(Duration patience) {
    return ProviderException.permanent(
        ModelException.Kind.PROVIDER_FAILED,
        "The provider '%s' sent nothing for %s seconds."
            .formatted(settings.name(), seconds(patience)));
  }

  /** The whole answer took longer than this. */
  public ProviderException responseTimeout(Duration limit) {
    return ProviderException.permanent(
        ModelException.Kind.PROVIDER_FAILED,
        "The provider '%s' did not answer within %s seconds."
            .formatted(settings.name(), seconds(limit)));
  }

  /** The answer is longer than we take. */
  public ProviderException responseTooLarge() {
    return ProviderException.permanent(
        ModelException.Kind.PROVIDER_FAILED,
        "The answer of the provider '%s' is longer than allowed.".formatted(settings.name()));
  }

  /** The provider refuses the request itself, and says why. */
  public ProviderException invalid(String message) {
    return invalid(JsonNodeFactory.instance.objectNode().put("message", message));
  }

  /** There is no connection, or it broke. */
  public ProviderException connectionFailed(Throwable cause) {
    return ProviderException.retryable(
        ModelException.Kind.PROVIDER_FAILED,
        "The connection to the provider '%s' failed.".formatted(settings.name()),
        cause);
  }

  private ProviderException rateLimited(JsonNode error, boolean again, Optional<Duration> after) {
    var kind = ModelException.Kind.RATE_LIMITED;
    if (isQuota(error)) {
      return ProviderException.permanent(
          kind, "The quota at the provider '%s' is used up.".formatted(settings.name()));
    }
    var message = "The provider '%s' limits the rate of calls.".formatted(settings.name());
    return again
        ? ProviderException.retryable(kind, message, after)
        : ProviderException.permanent(kind, message);
  }

  private ProviderException invalid(JsonNode error) {
    var said = shown(error.isTextual() ? error.textValue() : error.path("message").asText(""));
    return ProviderException.permanent(
        ModelException.Kind.INVALID_PROMPT,
        said.isEmpty()
            ? "The provider '%s' does not accept the request.".formatted(settings.name())
            : said);
  }

  private ProviderException unknown(String model) {
    return ProviderException.permanent(
        ModelException.Kind.UNKNOWN_MODEL,
        "The provider '%s' has no model '%s'.".formatted(settings.name(), model));
  }

  /** The provider's own words, without addresses and keys. */
  private String shown(String message) {
    var plain = settings.apiKey().map(key -> message.replace(key, "[key]")).orElse(message);
    plain = KEY.matcher(ADDRESS.matcher(plain).replaceAll("[address]")).replaceAll("[key]");
    return plain.length() <= LONGEST_MESSAGE ? plain : plain.substring(0, LONGEST_MESSAGE) + "…";
  }

  private Optional<Duration> retryAfter(UnaryOperator<String> header) {
    var millis = header.apply("retry-after-ms").strip();
    if (SECONDS.matcher(millis).matches()) {
      return Optional.of(Duration.ofMillis((long) Double.parseDouble(millis)));
    }
    var after = header.apply("retry-after").strip();
    if (SECONDS.matcher(after).matches()) {
      return Optional.of(Duration.ofMillis((long) (1000 * Double.parseDouble(after))));
    }
    if (after.isEmpty()) {
      return Optional.empty();
    }
    try {
      var at = ZonedDateTime.parse(after, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      var wait = Duration.between(clock.instant(), at);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  private static boolean isQuota(JsonNode error) {
    return error.path("code").asText("").equals("insufficient_quota")
        || error.path("type").asText("").equals("insufficient_quota");
  }

  private static JsonNode error(JsonNode body) {
    if (body == null) {
      return MissingNode.getInstance();
    }
    return body.has("error") ? body.get("error") : body;
  }

  private static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? Long.toString(duration.toSeconds())
        : Double.toString(duration.toMillis() / 1000.0);
  }
}
