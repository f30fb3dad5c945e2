package dev.threadmill.models.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.egress.EgressException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderError;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.adapt.Refusals;
import java.nio.charset.Charset;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Maps the errors of a provider to exceptions: what they mean for the caller, and whether to try
 * again. The words of the provider are kept, without keys and private addresses.
 */
public final class ProviderErrors {
  private static final Pattern SECONDS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
  private static final Pattern TRY_AGAIN_IN =
      Pattern.compile(
          "(?:try again|retry) (?:in|after) (?:(\\d{1,4})m)?(\\d{1,6}(?:\\.\\d{1,9})?) ?(ms|s)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern LOADING =
      Pattern.compile(
          "loading.{0,40}model|model.{0,100}(?:is|being|still|currently) (?:being )?load",
          Pattern.CASE_INSENSITIVE);

  /** What servers say that name no kind of error. */
  private static final Pattern PASSING =
      Pattern.compile(
          "unexpected EOF|runner process|connection reset|internal (?:server )?error|timed out"
              + "|overloaded|try again|temporar|unavailable|\\bbusy\\b",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern KEY_WORDS =
      Pattern.compile(
          "api.?key|(?:invalid|wrong|bad|missing|incorrect|expired) (?:key|token)|credential|authenti"
              + "|unauthori[sz]ed|bearer",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern WRONG_ADDRESS =
      Pattern.compile(
          "^not found\\.?$|page not found|invalid url|no route|route not found|no static resource"
              + "|cannot (?:post|get) |(?:unknown|invalid|unrecognized) (?:path|endpoint|url|request url)"
              + "|(?:path|endpoint|url|resource) (?:was )?not found|no handler found",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern NAMED_HOST = Pattern.compile("The host '[^']*'");
  private static final Pattern MODEL_WORDS =
      Pattern.compile("model|deployment|engine", Pattern.CASE_INSENSITIVE);

  private final ProviderConfig provider;
  private final InstantSource clock;
  private final SafeText safe;

  public ProviderErrors(ProviderConfig provider, InstantSource clock) {
    this.provider = provider;
    this.clock = clock;
    this.safe = new SafeText(provider);
  }

  /**
   * The error of a response with an error status.
   *
   * @param header returns the value of a header, or an empty text
   * @param body of the response, perhaps cut
   */
  public ProviderException fromStatus(
      int status, UnaryOperator<String> header, byte[] body, String model) {
    var error = ErrorBody.parse(status, body, header.apply("content-type"));
    return fromStatus(error, header, model).with(error);
  }

  private ProviderException fromStatus(
      ProviderError error, UnaryOperator<String> header, String model) {
    int status = error.status();
    boolean again = !"false".equalsIgnoreCase(header.apply("x-should-retry"));
    if (status == 429) {
      return rateLimited(error, again, retryAfter(header).or(() -> retryAfter(error)));
    }
    if (Refusals.isBadCall(error)) {
      return badCall(error);
    }
    if (status == 503 && LOADING.matcher(error.message()).find()) {
      return ProviderException.loading(
          withProviderMessage("The provider '%s' returned the status %d", error, status));
    }
    if (status == 500 && Refusals.isAboutRequest(error)) {
      return invalid(error);
    }
    if (status == 408 || status == 409 || status == 425 || status >= 500) {
      var message = withProviderMessage("The provider '%s' returned the status %d", error, status);
      return again
          ? ProviderException.retryable(
              ModelException.Kind.PROVIDER_FAILED, message, retryAfter(header))
          : ProviderException.permanent(ModelException.Kind.PROVIDER_FAILED, message);
    }
    return switch (status) {
      case 301, 302, 303, 307, 308 ->
          failed(
              "The provider '%s' redirects to another address%s. Set base_url to the address that it redirects to."
                  .formatted(provider.name(), redirection(header)));
      case 400, 413, 422 -> isUnknownModel(error) ? unknownModel(error, model) : invalid(error);
      case 401 -> refusedKey(error);
      case 402 ->
          failed(
              withProviderMessage("The provider '%s' wants to be paid: status %d", error, status));
      case 403 ->
          error.message().isEmpty() || KEY_WORDS.matcher(error.message()).find()
              ? refusedKey(error)
              : failed(
                  withProviderMessage(
                      "The provider '%s' does not allow the request: status %d", error, status));
      case 404, 405 ->
          isUnknownModel(error) || !isWrongAddress(error, header)
              ? unknownModel(error, model)
              : failed(
                  withProviderMessage(
                      "The provider '%s' has nothing at the configured address, status %d: check"
                          + " base_url, which usually ends in the version, such as /v1",
                      error, status));
      default ->
          failed(withProviderMessage("The provider '%s' returned the status %d", error, status));
    };
  }

  private String redirection(UnaryOperator<String> header) {
    // What stands behind the path may be a token of a login page.
    var address = safe.of(header.apply("location").split("[?#]", 2)[0]);
    return address.isEmpty() ? "" : ", " + address;
  }

  /** Whether the server does not serve the address, rather than the model. */
  private static boolean isWrongAddress(ProviderError error, UnaryOperator<String> header) {
    return error.status() == 405
        || WRONG_ADDRESS.matcher(error.message()).find()
        || error.type().isEmpty()
            && error.code().isEmpty()
            && !header.apply("content-type").contains("json");
  }

  /** The error that a provider reports within a stream; null if the event is none. */
  public ProviderException fromStreamEvent(JsonNode body, String eventName, String model) {
    var reported = body.path("error");
    boolean none = isNone(reported);
    if (none && !eventName.equals("error") && !isItselfAnError(body)) {
      return null;
    }
    var error = ErrorBody.of(0, none ? body : reported);
    return fromKind(error, model).with(error);
  }

  /** As vLLM and gateways report errors, some with status 200. */
  private static boolean isItselfAnError(JsonNode body) {
    return !body.has("choices")
        && (body.path("object").asText().equals("error")
            || body.path("success").isBoolean() && !body.path("success").booleanValue());
  }

  /** The error of a response that has status 200, but words in place of an answer; null if none. */
  public ProviderException fromWords(byte[] body, String model) {
    var error = ErrorBody.parse(0, body, "");
    return error.message().isBlank() ? null : fromKind(error, model).with(error);
  }

  /** The error of a response that is an HTML page. */
  public ProviderException page(byte[] body, Charset charset) {
    var title = safe.of(ErrorBody.title(new String(body, charset)));
    return failed(
        ("The response of the provider '%s' cannot be read: it is an HTML page%s. Check base_url,"
                + " which usually ends in the version, such as /v1.")
            .formatted(provider.name(), title.isEmpty() ? "" : " with the title '" + title + "'"));
  }

  /** Some gateways add an empty error to each event. */
  private static boolean isNone(JsonNode error) {
    return error.isMissingNode()
        || error.isNull()
        || error.isBoolean() && !error.booleanValue()
        || error.isTextual() && error.textValue().isBlank()
        || error.isContainerNode() && error.isEmpty();
  }

  private ProviderException badCall(ProviderError error) {
    return ProviderException.retryable(
        ModelException.Kind.PROVIDER_FAILED,
        withProviderMessage(
            "The model of the provider '%s' made a tool call that cannot be read", error, 0),
        Optional.<Duration>empty());
  }

  /** Without a status, the kind of an error is read off its type, its code and its words. */
  private ProviderException fromKind(ProviderError error, String model) {
    if (Refusals.isBadCall(error)) {
      return badCall(error);
    }
    var kind = (error.type() + " " + error.code()).toLowerCase(Locale.ROOT);
    int status = error.code().matches("\\d{3}") ? Integer.parseInt(error.code()) : 0;
    if (status == 429
        || kind.contains("rate_limit")
        || kind.contains("quota")
        || kind.contains("resource_exhausted")
        || kind.contains("too_many")) {
      return rateLimited(error, true, retryAfter(error));
    }
    if (isUnknownModel(error)) {
      return unknownModel(error, model);
    }
    if (status == 400
        || status == 413
        || status == 422
        || kind.matches(
            ".*(invalid_request|invalid_argument|bad_request|context_length|policy).*")) {
      return invalid(error);
    }
    if (status == 401 || kind.contains("authentication") || kind.contains("invalid_api_key")) {
      return refusedKey(error);
    }
    var message =
        withProviderMessage("The provider '%s' reported an error in its response", error, status);
    boolean again =
        status == 408
            || status == 409
            || status >= 500
            || kind.matches(
                ".*(server_error|internal|overloaded|unavailable|timeout|api_error"
                    + "|temporar|capacity|engine).*")
            || kind.isBlank() && PASSING.matcher(error.message()).find();
    return again
        ? ProviderException.retryable(
            ModelException.Kind.PROVIDER_FAILED, message, Optional.empty())
        : failed(message);
  }

  /** Nothing arrived for this long. */
  public ProviderException readTimeout(Duration limit) {
    return failed(
        "The provider '%s' sent nothing for %s seconds."
            .formatted(provider.name(), seconds(limit)));
  }

  /** The complete response took longer than this. */
  public ProviderException responseTimeout(Duration limit) {
    return failed(
        "The provider '%s' did not respond within %s seconds."
            .formatted(provider.name(), seconds(limit)));
  }

  /** The response is longer than allowed. */
  public ProviderException responseTooLarge() {
    return failed(
        "The response of the provider '%s' is longer than allowed.".formatted(provider.name()));
  }

  /** The request itself is refused, for this reason. */
  public ProviderException invalid(String message) {
    return invalid(new ProviderError(0, message, "", "", ""));
  }

  /** There is no connection, or it broke. The log has the address. */
  public ProviderException connectionFailed(EgressException cause) {
    return ProviderException.retryable(
        ModelException.Kind.PROVIDER_FAILED,
        "The connection to the provider '%s' failed. %s"
            .formatted(
                provider.name(),
                NAMED_HOST.matcher(cause.getMessage()).replaceAll("The host of its base_url")),
        cause);
  }

  private ProviderException rateLimited(
      ProviderError error, boolean again, Optional<Duration> after) {
    var kind = ModelException.Kind.RATE_LIMITED;
    if (isQuota(error)) {
      return ProviderException.permanent(
          kind, withProviderMessage("The quota at the provider '%s' is used up", error, 0));
    }
    var message = withProviderMessage("The provider '%s' limits the rate of calls", error, 0);
    return again
        ? ProviderException.retryable(kind, message, after)
        : ProviderException.permanent(kind, message);
  }

  private ProviderException invalid(ProviderError error) {
    var words = safe.of(error.message());
    return ProviderException.permanent(
        ModelException.Kind.INVALID_PROMPT,
        words.isEmpty()
            ? "The provider '%s' does not accept the request.".formatted(provider.name())
            : words);
  }

  private ProviderException refusedKey(ProviderError error) {
    return failed(
        withProviderMessage(
            "The provider '%s' does not accept the key: check "
                + provider.apiKeySetting().replace("%", "%%"),
            error,
            0));
  }

  private ProviderException unknownModel(ProviderError error, String model) {
    var words = safe.of(error.message());
    return ProviderException.permanent(
        ModelException.Kind.UNKNOWN_MODEL,
        "The provider '%s' has no model '%s'.".formatted(provider.name(), model)
            + (words.isEmpty() ? "" : " It says: " + words));
  }

  private static ProviderException failed(String message) {
    return ProviderException.permanent(ModelException.Kind.PROVIDER_FAILED, message);
  }

  /** Appends the message of the provider, if it has one, to a sentence. */
  private String withProviderMessage(String sentence, ProviderError error, int status) {
    var begin = sentence.formatted(provider.name(), status);
    var words = safe.of(error.message());
    return words.isEmpty() ? begin + "." : begin + ": " + words;
  }

  private static boolean isQuota(ProviderError error) {
    return (error.type() + error.code()).contains("insufficient_quota");
  }

  private static boolean isUnknownModel(ProviderError error) {
    var code = error.code() + " " + error.type();
    if (code.contains("model_not_found") || code.contains("DeploymentNotFound")) {
      return true;
    }
    boolean notFound =
        error.status() == 404
            || error
                .message()
                .matches(
                    "(?is).*(model.{0,120}(not found|does not exist|not exist|unknown)|unknown model"
                        + "|invalid model|no such model).*");
    return notFound && MODEL_WORDS.matcher(error.message()).find();
  }

  /** The wait that the words of the error ask for, as with providers that send no header. */
  private static Optional<Duration> retryAfter(ProviderError error) {
    var found = TRY_AGAIN_IN.matcher(error.message());
    if (!found.find()) {
      return Optional.empty();
    }
    double millis = found.group(1) == null ? 0 : Double.parseDouble(found.group(1)) * 60_000;
    double amount = Double.parseDouble(found.group(2));
    millis += found.group(3).equals("ms") ? amount : 1000 * amount;
    return Optional.of(Duration.ofMillis((long) Math.ceil(millis)));
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

  private static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? Long.toString(duration.toSeconds())
        : Double.toString(duration.toMillis() / 1000.0);
  }
}
