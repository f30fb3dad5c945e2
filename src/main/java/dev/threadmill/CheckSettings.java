package dev.threadmill;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.audit.AuditConfig;
import dev.threadmill.console.ConsoleConfig;
import dev.threadmill.db.HomeConfig;
import dev.threadmill.debuglogs.DebugLogsConfig;
import dev.threadmill.egress.EgressConfig;
import dev.threadmill.egress.EgressPolicy;
import dev.threadmill.egress.HostRegions;
import dev.threadmill.egress.ProxyRules;
import dev.threadmill.events.EventsConfig;
import dev.threadmill.files.extraction.ExtractionConfig;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretConfig;
import dev.threadmill.imports.ImportsConfig;
import dev.threadmill.memory.MemoryConfig;
import dev.threadmill.memory.recall.RecallConfig;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.models.embeddings.EmbeddingsConfig;
import dev.threadmill.models.rerank.RerankConfig;
import dev.threadmill.models.rerank.Reranker;
import dev.threadmill.privacy.PrivacyConfig;
import dev.threadmill.privacy.Recognizer;
import dev.threadmill.projects.ApiKeysConfig;
import dev.threadmill.projects.ClientAddress;
import dev.threadmill.projects.Regions;
import dev.threadmill.projects.ResidencyConfig;
import dev.threadmill.projects.Secret;
import dev.threadmill.projects.oidc.OidcAdmins;
import dev.threadmill.projects.oidc.OidcConfig;
import dev.threadmill.protocols.ProtocolConfig;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.sandbox.SandboxConfig;
import dev.threadmill.telemetry.TelemetryConfig;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.telemetry.tracing.TracingConfig;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.websearch.SearchWeb;
import dev.threadmill.tools.websearch.WebSearchConfig;
import dev.threadmill.usage.UsageConfig;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.VectorStoresConfig;
import dev.threadmill.webhooks.WebhooksConfig;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SysPropConfigSource;
import io.smallrye.config.WithParentName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads every setting before the server starts, so that a wrong one stops the start with one line
 * and not a run with a stack trace. Types and bounds are checked for all settings alike; what a
 * text means is checked by the class that uses it.
 */
final class CheckSettings {
  /** All that is read from {@code threadmill.*}. */
  static final List<Class<?>> MAPPINGS =
      List.of(
          ApiKeysConfig.class,
          AuditConfig.class,
          ConsoleConfig.class,
          DebugLogsConfig.class,
          EgressConfig.class,
          EmbeddingsConfig.class,
          EventsConfig.class,
          UsageConfig.class,
          ExtractionConfig.class,
          FilesConfig.class,
          HomeConfig.class,
          ImportsConfig.class,
          MemoryConfig.class,
          ModelsConfig.class,
          OidcConfig.class,
          PrivacyConfig.class,
          ProtocolConfig.class,
          RerankConfig.class,
          RecallConfig.class,
          ResidencyConfig.class,
          RunsConfig.class,
          SandboxConfig.class,
          SecretConfig.class,
          TelemetryConfig.class,
          ToolsConfig.class,
          TracingConfig.class,
          VectorStoresConfig.class,
          WebSearchConfig.class,
          WebhooksConfig.class);

  /** Settings for which zero has a meaning; no number and no duration may be negative. */
  static final Set<String> MAY_BE_ZERO =
      Set.of(
          "threadmill.imports.workers",
          "threadmill.memory.keep-from",
          "threadmill.memory.keep-percent",
          "threadmill.memory.least-score",
          "threadmill.memory.patience",
          "threadmill.memory.recall-timeout",
          "threadmill.memory.recalled",
          "threadmill.memory.reflect-after",
          "threadmill.memory.vector-timeout",
          "threadmill.models.first-backoff",
          "threadmill.models.retries",
          "threadmill.presidio.score",
          "threadmill.runs.drain",
          "threadmill.runs.journal-after",
          "threadmill.runs.poll-after",
          "threadmill.telemetry.outbox-linger",
          "threadmill.tools.a2a-card-life",
          "threadmill.tools.first-pause",
          "threadmill.tools.invalid-calls",
          "threadmill.tools.mcp-list-life",
          "threadmill.tools.retries",
          "threadmill.vector-stores.attachment-wait",
          "threadmill.vector-stores.heap-percent",
          "threadmill.vector-stores.workers");

  private static final double MIN_SHARE = 0.01;
  private static final Duration MIN_RUN_EXPIRY = Duration.ofSeconds(10);
  private static final Duration MAX_RUN_EXPIRY = Duration.ofHours(24);
  private static final Duration LONGEST = Duration.ofDays(3_660);
  private static final int APPLICATION_PROPERTIES = 250;

  private final SmallRyeConfig config;

  private CheckSettings(SmallRyeConfig config) {
    this.config = config;
  }

  /**
   * Checks the settings of this process.
   *
   * @throws RuntimeException about the first setting that is wrong; {@link StartupFailure} has the
   *     line for it
   */
  static void ofThisProcess() {
    check(builder().addDefaultSources());
  }

  /** Checks the settings of these sources and the defaults. */
  static void check(SmallRyeConfigBuilder sources) {
    MAPPINGS.forEach(sources::withMapping);
    var check = new CheckSettings(sources.build());
    MAPPINGS.forEach(check::checkBooleans);
    MAPPINGS.forEach(check::checkNumbers);
    check.checkTexts();
  }

  /** What Quarkus adds to the sources of a server. */
  static SmallRyeConfigBuilder builder() {
    try {
      var file = CheckSettings.class.getResource("/application.properties");
      return new SmallRyeConfigBuilder()
          .addDefaultInterceptors()
          .withProfile("prod")
          .withMappingIgnore("**")
          .withConverter(Duration.class, 200, new DurationConverter())
          .withSources(new SysPropConfigSource())
          .withSources(new PropertiesConfigSource(file, APPLICATION_PROPERTIES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The converter reads every other text as false. */
  private void checkBooleans(Class<?> mapping) {
    for (var method : mapping.getDeclaredMethods()) {
      var property = property(mapping, method);
      var value = config.getConfigValue(property).getValue();
      if (hasBoolean(method) && value != null && !value.isEmpty() && !isBoolean(value)) {
        throw wrong(property, "is neither true nor false");
      }
    }
  }

  private static boolean hasBoolean(Method method) {
    return method.getReturnType() == boolean.class
        || method.getGenericReturnType().getTypeName().contains("<java.lang.Boolean>");
  }

  private static boolean isBoolean(String text) {
    return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false");
  }

  private void checkNumbers(Class<?> mapping) {
    var values = config.getConfigMapping(mapping);
    for (var method : mapping.getDeclaredMethods()) {
      var property = property(mapping, method);
      var value = value(method, values);
      double number =
          switch (value) {
            case Number any -> any.doubleValue();
            case Duration duration when duration.compareTo(LONGEST) > 0 ->
                throw wrong(property, "is longer than %d days".formatted(LONGEST.toDays()));
            case Duration duration -> duration.toNanos();
            case null, default -> 1;
          };
      if (number < 0 || number == 0 && !MAY_BE_ZERO.contains(property)) {
        throw wrong(property, number < 0 ? "is negative" : "is zero");
      }
    }
  }

  private static Object value(Method method, Object values) {
    try {
      var value = method.invoke(values);
      return switch (value) {
        case Optional<?> optional -> optional.orElse(null);
        case OptionalInt optional -> optional.isPresent() ? optional.getAsInt() : null;
        case null, default -> value;
      };
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name of the property that a method of a mapping reads. */
  static String property(Class<?> mapping, Method method) {
    var prefix = mapping.getAnnotation(ConfigMapping.class).prefix();
    return method.isAnnotationPresent(WithParentName.class)
        ? prefix
        : prefix + "." + hyphenated(method);
  }

  /** The last part of the name of the property that a method reads. */
  static String hyphenated(Method method) {
    return method.getName().replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }

  private InvalidSettingException wrong(String property, String what) {
    var variable = StartupFailure.variable(property);
    var value = config.getConfigValue(property).getValue();
    return new InvalidSettingException(variable, value, what);
  }

  private void checkTexts() {
    new EgressPolicy(config.getConfigMapping(EgressConfig.class).allow().orElse(List.of()));
    new HostRegions(config.getConfigMapping(EgressConfig.class).regions().orElse(List.of()));
    ProxyRules.of(config.getConfigMapping(EgressConfig.class));
    Tracing.requireUsable(config.getConfigMapping(TracingConfig.class));
    SecretBox.requireUsable(config.getConfigMapping(SecretConfig.class).key().orElse(List.of()));
    Embeddings.requireKnown(config.getConfigMapping(EmbeddingsConfig.class).model());
    StoreEmbeddings.requireKnown(config.getConfigMapping(VectorStoresConfig.class).embeddings());
    Reranker.require(config.getConfigMapping(RerankConfig.class));
    SearchWeb.require(config.getConfigMapping(WebSearchConfig.class));
    Recognizer.require(config.getConfigMapping(PrivacyConfig.class));
    checkRunExpiry(config.getConfigMapping(RunsConfig.class).expiry());
    double share = config.getConfigMapping(MemoryConfig.class).processorShare();
    if (!(share >= MIN_SHARE && share <= 1)) {
      throw wrong("threadmill.memory.processor-share", "is not between 0.01 and 1");
    }
    checkRegion("THREADMILL_REGION", config.getConfigMapping(ResidencyConfig.class).region());
    checkRegion(
        "THREADMILL_EMBEDDINGS_REGION", config.getConfigMapping(EmbeddingsConfig.class).region());
    checkRegion("THREADMILL_RERANK_REGION", config.getConfigMapping(RerankConfig.class).region());
    checkKeys(config.getConfigMapping(ApiKeysConfig.class));
    OidcAdmins.requireUsable(config.getConfigMapping(OidcConfig.class));
    checkModels(config.getConfigMapping(ModelsConfig.class));
  }

  private void checkRunExpiry(Duration expiry) {
    if (expiry.compareTo(MIN_RUN_EXPIRY) < 0 || expiry.compareTo(MAX_RUN_EXPIRY) > 0) {
      throw wrong("threadmill.runs.expiry", "is not between 10s and 24h");
    }
  }

  private static void checkRegion(String variable, Optional<String> region) {
    region
        .filter(name -> !name.isBlank() && Regions.parse(name).isEmpty())
        .ifPresent(
            name -> {
              throw new InvalidSettingException(
                  variable, name, "is not a word of at most 32 letters, digits and hyphens");
            });
  }

  private static void checkKeys(ApiKeysConfig keys) {
    ClientAddress.ranges(keys.trustedProxies().orElse(""));
    var admin = key("THREADMILL_ADMIN_KEY", keys.adminKey());
    var user = key("THREADMILL_API_KEY", keys.apiKey());
    if (admin.isPresent() && admin.equals(user)) {
      throw new InvalidSettingException(
          "THREADMILL_API_KEY", "is the same key as THREADMILL_ADMIN_KEY; set another one");
    }
  }

  private static Optional<String> key(String variable, Optional<String> value) {
    var key = value.map(String::strip).filter(text -> !text.isEmpty());
    if (key.isPresent() && !new Secret(key.get()).isUsable()) {
      throw new InvalidSettingException(
          variable, "must have 8 to 200 printable ASCII characters and no spaces");
    }
    return key;
  }

  private static void checkModels(ModelsConfig models) {
    checkAddress("OPENAI_BASE_URL", models.openai());
    checkAddress("ANTHROPIC_BASE_URL", models.anthropic());
    checkAddress("GEMINI_BASE_URL", models.gemini());
    checkAddress("OLLAMA_BASE_URL", models.ollama());
    models
        .file()
        .filter(file -> !Files.isReadable(Path.of(file)))
        .ifPresent(
            file -> {
              throw new InvalidSettingException(
                  "THREADMILL_MODELS", file, "is not a file that can be read");
            });
  }

  private static void checkAddress(String variable, ModelsConfig.Endpoint endpoint) {
    endpoint
        .baseUrl()
        .filter(url -> !ProviderConfig.isHttpUrl(url))
        .ifPresent(
            url -> {
              throw new InvalidSettingException(variable, url, "is not an http or https address");
            });
  }
}
