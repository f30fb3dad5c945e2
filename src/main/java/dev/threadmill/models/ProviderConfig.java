package dev.threadmill.models;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;

/**
 * How one provider is reached: from the environment, or from the models file.
 *
 * @param name as the models file calls it, shown as the owner of its models
 * @param type which {@link Provider} speaks to it
 * @param baseUrl without a slash at the end; empty for the provider's own address
 * @param apiKey empty if the server wants none
 * @param apiKeySetting where the key comes from, named in errors in place of the key
 * @param region null if not configured
 * @param pin how a pinned name is spelled, with {@code {model}}, {@code {date}} and {@code
 *     {yyyymmdd}}, the date without dashes
 * @param maxTokensField the request's name for the bound on the completion
 * @param streams whether answers are asked for as streams
 * @param reasoningField the field of a message with tool calls in which the model's reasoning is
 *     sent back; empty for providers that do not want it or forbid it
 * @param headers sent with every request
 */
public record ProviderConfig(
    String name,
    String type,
    Optional<String> baseUrl,
    Optional<String> apiKey,
    String apiKeySetting,
    String region,
    String pin,
    String maxTokensField,
    boolean streams,
    Optional<String> reasoningField,
    Map<String, String> headers) {
  public static final String MAX_TOKENS_FIELD = "max_completion_tokens";

  public ProviderConfig {
    baseUrl = baseUrl.map(url -> url.replaceAll("/+$", ""));
    headers = Map.copyOf(headers);
  }

  /** A provider that is known by its address and key alone. */
  public static ProviderConfig of(
      String name,
      String type,
      Optional<String> baseUrl,
      Optional<String> apiKey,
      String apiKeySetting) {
    return new ProviderConfig(
        name,
        type,
        baseUrl,
        apiKey,
        apiKeySetting,
        null,
        pin(type),
        MAX_TOKENS_FIELD,
        true,
        reasoningField(baseUrl),
        Map.of());
  }

  /** The field in which a provider at this address wants reasoning back, unless configured. */
  static Optional<String> reasoningField(Optional<String> baseUrl) {
    return baseUrl
        .filter(ProviderConfig::isHttpUrl)
        .map(url -> URI.create(url).getHost())
        .filter(host -> host.equals("api.deepseek.com"))
        .map(_ -> "reasoning_content");
  }

  /** How providers of this type spell a pinned name, unless configured otherwise. */
  static String pin(String type) {
    return switch (type) {
      case "anthropic" -> "{model}-{yyyymmdd}";
      case "ollama" -> "{model}:{date}";
      default -> "{model}-{date}";
    };
  }

  /**
   * The name to send for what a client asked for: {@code model@2026-04-15} becomes {@code
   * model-2026-04-15}, or what {@link #pin} says.
   */
  public String pinnedName(String nameAtProvider, String asked) {
    int at = asked.lastIndexOf('@');
    if (at <= 0) {
      return nameAtProvider;
    }
    var date = asked.substring(at + 1);
    return pin.replace("{model}", nameAtProvider)
        .replace("{date}", date)
        .replace("{yyyymmdd}", date.replace("-", ""));
  }

  /** Whether this can be an address of a provider. */
  public static boolean isHttpUrl(String url) {
    try {
      var uri = new URI(url);
      var scheme = uri.getScheme();
      return ("http".equals(scheme) || "https".equals(scheme)) && uri.getHost() != null;
    } catch (URISyntaxException _) {
      return false;
    }
  }

  /** Without the key, so that it cannot get into a log. */
  @Override
  public String toString() {
    return "ProviderSettings[name=%s, type=%s]".formatted(name, type);
  }
}
