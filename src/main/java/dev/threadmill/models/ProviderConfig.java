package dev.threadmill.models;

import dev.threadmill.egress.Timeouts;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

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
 * @param maxTokensField the parameter that limits the completion
 * @param streams whether responses are requested as streams
 * @param reasoningField the field of a message with tool calls in which the reasoning that led to
 *     them is sent back, {@code none} for providers that refuse it; empty for the field in which it
 *     was received
 * @param headers sent with every request
 * @param options for all models of the provider, or for the model that is called
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
    Map<String, String> headers,
    ModelOptions options) {
  public static final String MAX_TOKENS_FIELD = "max_completion_tokens";
  private static final Duration NEXT_BYTE = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofSeconds(60);

  /** For loading a model before it can respond. */
  private static final Duration COLD_START = Duration.ofSeconds(300);

  private static final Pattern PRIVATE_HOST =
      Pattern.compile(
          "localhost|[^.:]+|.*\\.(?:localhost|local|internal|lan|home|intranet|svc)|.*\\.svc\\..*"
              + "|127\\..*|10\\..*|192\\.168\\..*|172\\.(?:1[6-9]|2\\d|3[01])\\..*|169\\.254\\..*"
              + "|100\\.(?:6[4-9]|[7-9]\\d|1[01]\\d|12[0-7])\\..*|\\[::1]|\\[f[cde].*");

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
        Map.of(),
        ModelOptions.DEFAULT);
  }

  /** The same provider with the options of one of its models. */
  public ProviderConfig with(ModelOptions ofModel) {
    return new ProviderConfig(
        name,
        type,
        baseUrl,
        apiKey,
        apiKeySetting,
        region,
        pin,
        maxTokensField,
        streams,
        reasoningField,
        headers,
        ofModel);
  }

  /** The address of one of the provider's resources. */
  public String endpoint(String path) {
    var base = baseUrl.orElse(defaultBaseUrl());
    int query = base.indexOf('?');
    return query < 0
        ? base + path
        : base.substring(0, query).replaceAll("/+$", "") + path + base.substring(query);
  }

  private String defaultBaseUrl() {
    return switch (type) {
      case "anthropic" -> "https://api.anthropic.com/v1";
      case "gemini" -> "https://generativelanguage.googleapis.com/v1beta";
      case "ollama" -> "http://localhost:11434";
      default -> "https://api.openai.com/v1";
    };
  }

  /** The time limits of a request to this provider. */
  public Timeouts timeouts(ModelsConfig config) {
    if (!streams) {
      return Timeouts.total(answerTimeout(config));
    }
    return new Timeouts(firstByteTimeout(config), nextByteTimeout(config), null);
  }

  /** The longest wait for the first byte of a response. */
  public Duration firstByteTimeout(ModelsConfig config) {
    if (options.firstByte() != null) {
      return options.firstByte();
    }
    boolean isNextByteSet = options.nextByte() != null || config.nextByteTimeout().isPresent();
    return config
        .firstByteTimeout()
        .orElseGet(() -> isLocal() && !isNextByteSet ? COLD_START : nextByteTimeout(config));
  }

  /** The longest wait between two bytes of a streamed response. */
  public Duration nextByteTimeout(ModelsConfig config) {
    return options.nextByte() == null
        ? config.nextByteTimeout().orElse(NEXT_BYTE)
        : options.nextByte();
  }

  /** The longest wait for a response that is not streamed. */
  public Duration answerTimeout(ModelsConfig config) {
    if (options.answer() != null) {
      return options.answer();
    }
    boolean isDefault = config.answerTimeout().equals(ANSWER);
    return isLocal() && isDefault && options.firstByte() == null
        ? COLD_START
        : config.answerTimeout();
  }

  /** Whether the provider runs on this machine or in a private network. */
  boolean isLocal() {
    if (type.equals("ollama")) {
      return true;
    }
    var host =
        baseUrl.filter(ProviderConfig::isHttpUrl).map(url -> URI.create(url).getHost()).orElse("");
    return PRIVATE_HOST.matcher(host.toLowerCase(Locale.ROOT)).matches();
  }

  /** Whether it has {@code POST /moderations}: OpenAI does, of others it has to be configured. */
  public boolean hasModerations() {
    if (!type.equals("openai") || options.moderations() != null) {
      return type.equals("openai") && options.moderations();
    }
    return isOpenAi();
  }

  /**
   * Whether it takes files for models that read them. OpenAI, Anthropic and Gemini do; other
   * servers that speak the protocol of OpenAI, under whatever names of models, often refuse a
   * request with a file, so for them it has to be configured.
   */
  public boolean readsFiles() {
    if (options.files() != null) {
      return options.files();
    }
    return switch (type) {
      case "openai" -> isOpenAi();
      case "ollama" -> false;
      default -> true;
    };
  }

  private boolean isOpenAi() {
    return baseUrl.isEmpty()
        || baseUrl
            .filter(ProviderConfig::isHttpUrl)
            .map(url -> URI.create(url).getHost())
            .filter("api.openai.com"::equals)
            .isPresent();
  }

  /** The field in which a provider at this address wants reasoning back, unless configured. */
  public static Optional<String> reasoningField(Optional<String> baseUrl) {
    return baseUrl
        .filter(ProviderConfig::isHttpUrl)
        .map(url -> URI.create(url).getHost())
        .filter(host -> host.equals("api.deepseek.com"))
        .map(_ -> "reasoning_content");
  }

  /** How providers of this type spell a pinned name, unless configured otherwise. */
  public static String pin(String type) {
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
  public String pinnedName(String nameAtProvider, String requested) {
    int at = requested.lastIndexOf('@');
    if (at <= 0) {
      return nameAtProvider;
    }
    var date = requested.substring(at + 1);
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
