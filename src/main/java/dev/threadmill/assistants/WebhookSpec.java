package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.guard.SecretText;
import dev.threadmill.models.FunctionSpec;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A function that the server executes by calling an address: the model writes the arguments, they
 * are checked against the schema and sent there, and the answer is the result.
 *
 * @param name as the model sees it; made from method and address if it is null
 * @param parameters the JSON Schema of the arguments; null for any object
 * @param endpoint http or https; {@code {x}} in its path or query stands for the argument x
 * @param method null for POST
 * @param headers sent with every call, kept like secrets; null for none
 * @param auth null for none
 * @param placement where an argument goes if not where arguments usually go; null for none
 * @param allowedDomains the hosts that may be called on the way; null for those of the assistant
 * @param signingSecret signs every call by the Standard Webhooks scheme; null for no signature
 * @param timeoutMs of one try; null for 30 s
 * @param retries how often a call that failed in passing is tried again; null for 2
 * @param onUnknown what to do if it is unknown whether a call took effect; null for retry
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WebhookSpec(
    String name,
    String description,
    JsonNode parameters,
    Boolean strict,
    String endpoint,
    Method method,
    Map<String, SecretText> headers,
    WebhookAuth auth,
    Map<String, ArgumentLocation> placement,
    List<String> allowedDomains,
    SecretText signingSecret,
    Integer timeoutMs,
    Integer retries,
    OnUnknown onUnknown) {
  static final int MAX_TIMEOUT_MS = 300_000;

  private static final int MAX_ENDPOINT = 4096;
  private static final int MAX_RETRIES = 10;
  private static final int MAX_HEADERS = 32;
  private static final int MAX_DESCRIPTION = 4096;
  private static final int MAX_NAME = 64;
  private static final int MAX_PLACED = 256;
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{[^{}/?#&=]+\\}");
  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
  private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^a-z0-9]+");
  private static final Set<String> RESERVED_HEADERS =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "connection",
          "upgrade",
          "te",
          "trailer",
          "expect",
          "proxy-authorization",
          "proxy-connection",
          "keep-alive",
          "accept-encoding",
          "content-encoding",
          "http2-settings",
          "idempotency-key",
          "webhook-id",
          "webhook-timestamp",
          "webhook-signature");

  /** Headers that the server sets itself, so that an argument in them would be lost. */
  private static final Set<String> OVERWRITTEN_HEADERS =
      Set.of("accept", "content-type", "user-agent");

  /** The methods that a webhook may be called by. */
  public enum Method {
    GET,
    POST,
    PUT,
    PATCH,
    DELETE;

    /** Whether arguments go into a JSON body, rather than into the query. */
    public boolean hasBody() {
      return this == POST || this == PUT || this == PATCH;
    }
  }

  /** Where an argument goes. */
  public enum ArgumentLocation {
    @JsonProperty("path")
    PATH,
    @JsonProperty("query")
    QUERY,
    @JsonProperty("header")
    HEADER,
    /** A property of the body. */
    @JsonProperty("body")
    BODY,
    /** The argument is the whole body. */
    @JsonProperty("payload")
    PAYLOAD
  }

  /** What happens to a call of which it is unknown whether it took effect. */
  public enum OnUnknown {
    /** It is made again with the same idempotency key. */
    @JsonProperty("retry")
    RETRY,
    /** The result for the model states that the outcome is unknown. */
    @JsonProperty("fail")
    FAIL,
    /** The run waits until a client submits the outcome. */
    @JsonProperty("ask")
    ASK
  }

  public WebhookSpec {
    Bounds.requiredText("endpoint", endpoint, MAX_ENDPOINT);
    requireUrl("endpoint", PLACEHOLDER.matcher(endpoint).replaceAll("x"));
    if (PLACEHOLDER.matcher(authority(endpoint)).find()) {
      throw ApiException.invalid(
          "endpoint", "Invalid 'endpoint': only its path and query may hold '{…}'.");
    }
    Bounds.text("description", description, MAX_DESCRIPTION);
    name = name == null ? derivedName(method, endpoint) : name;
    var function = new FunctionSpec(name, description, parameters, strict);
    parameters = function.parameters();
    headers = checkedHeaders(headers);
    placement = placement == null ? null : Map.copyOf(placement);
    if (placement != null && placement.size() > MAX_PLACED) {
      throw ApiException.invalid(
          "placement", "Invalid 'placement': more than %d arguments.".formatted(MAX_PLACED));
    }
    allowedDomains = SafetyOptions.domains("allowed_domains", allowedDomains);
    Bounds.integer("timeout_ms", timeoutMs, 1, MAX_TIMEOUT_MS);
    Bounds.integer("retries", retries, 0, MAX_RETRIES);
  }

  /** Whether an argument may be placed in this header. */
  public static boolean isArgumentHeader(String name) {
    var lower = name.toLowerCase(Locale.ROOT);
    return HEADER_NAME.matcher(name).matches()
        && !RESERVED_HEADERS.contains(lower)
        && !OVERWRITTEN_HEADERS.contains(lower);
  }

  /** Whether credentials may be sent in this header. */
  static boolean isCredentialHeader(String name) {
    return !RESERVED_HEADERS.contains(name.toLowerCase(Locale.ROOT));
  }

  /** What the model is offered. */
  public FunctionSpec function() {
    return new FunctionSpec(name, description, parameters, strict);
  }

  /** The method, which is POST unless another was given. */
  @JsonIgnore
  public Method effectiveMethod() {
    return method == null ? Method.POST : method;
  }

  /** The same webhook with every secret replaced. */
  WebhookSpec mapSecrets(ToolSecrets.SecretMapper secrets) {
    var origin = authority(endpoint);
    var changed = new LinkedHashMap<String, SecretText>();
    if (headers != null) {
      headers.forEach(
          (header, value) ->
              changed.put(
                  header, secrets.of("headers." + header.toLowerCase(Locale.ROOT), origin, value)));
    }
    return new WebhookSpec(
        name,
        description,
        parameters,
        strict,
        endpoint,
        method,
        headers == null ? null : changed,
        auth == null ? null : auth.mapSecrets(origin, secrets),
        placement,
        allowedDomains,
        signingSecret == null ? null : secrets.of("signing_secret", origin, signingSecret),
        timeoutMs,
        retries,
        onUnknown);
  }

  /** Scheme, host and port as they stand in the address. */
  static String authority(String url) {
    int host = url.indexOf("://") + 3;
    int end = host;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    return url.substring(0, end);
  }

  static void requireUrl(String param, String url) {
    try {
      var uri = new URI(url);
      boolean http = "http".equalsIgnoreCase(uri.getScheme());
      if ((http || "https".equalsIgnoreCase(uri.getScheme()))
          && uri.getHost() != null
          && uri.getRawUserInfo() == null) {
        return;
      }
    } catch (URISyntaxException e) {
      // Says less than we do.
    }
    throw ApiException.invalid(
        param,
        "Invalid '%s': expected an http or https URL in plain ASCII, without a user."
            .formatted(param));
  }

  static Map<String, SecretText> checkedHeaders(Map<String, SecretText> headers) {
    if (headers == null) {
      return null;
    }
    if (headers.size() > MAX_HEADERS) {
      throw ApiException.invalid(
          "headers", "Invalid 'headers': more than %d of them.".formatted(MAX_HEADERS));
    }
    for (var name : headers.keySet()) {
      if (!HEADER_NAME.matcher(name).matches()
          || RESERVED_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
        throw ApiException.invalid(
            "headers", "Invalid 'headers': '%s' cannot be set.".formatted(name));
      }
      Bounds.required("headers." + name, headers.get(name));
    }
    return new LinkedHashMap<>(headers);
  }

  /** Such as {@code post_case} for {@code https://api.example.com/sobjects/Case}. */
  private static String derivedName(Method method, String endpoint) {
    var path = endpoint.substring(authority(endpoint).length()).split("[?#]", 2)[0];
    var words = path.isBlank() || path.equals("/") ? authority(endpoint).split("://")[1] : path;
    var last = words.replaceAll("/+$", "");
    last = last.substring(last.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    var verb = (method == null ? Method.POST : method).name().toLowerCase(Locale.ROOT);
    var name = NOT_OF_A_NAME.matcher(verb + "_" + last).replaceAll("_").replaceAll("_$", "");
    return name.substring(0, Math.min(MAX_NAME, name.length()));
  }
}
