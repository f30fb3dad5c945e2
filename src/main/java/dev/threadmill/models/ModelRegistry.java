package dev.threadmill.models;

import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The models by name. A name belongs, in this order: to the model of that name in the models file;
 * to the rehearsal model, if it is {@code rehearsal}; to the provider whose prefix it has, if that
 * provider is configured; to the default provider, as it stands; and with no default provider to
 * the rehearsal model, so that apps run unchanged offline.
 */
@ApplicationScoped
public class ModelRegistry {
  private static final Logger LOG = Logger.getLogger(ModelRegistry.class);
  private static final int LONGEST_NAME = 256;
  private static final int FIRST = 1;

  private final Map<String, Provider> byType;
  private final Map<String, ProviderConfig> providers;
  private final ModelsFile file;

  ModelRegistry(@All List<Provider> kinds, ModelsConfig config) {
    this.byType =
        kinds.stream().collect(Collectors.toUnmodifiableMap(Provider::type, Function.identity()));
    this.providers = new LinkedHashMap<>();
    configure("openai", "OPENAI", config.openai());
    configure("anthropic", "ANTHROPIC", config.anthropic());
    configure("gemini", "GEMINI", config.gemini());
    configure("ollama", "OLLAMA", config.ollama());
    this.file =
        config
            .file()
            .map(path -> ModelsFile.read(path, providers, byType.keySet(), System.getenv()))
            .orElse(ModelsFile.NONE);
  }

  /** A wrong file must stop the start, not the first run. */
  void onStart(@Observes @Priority(FIRST) StartupEvent start) {
    if (providers.isEmpty() && file.models().isEmpty()) {
      LOG.warn(
          "provider=none: every model name is answered by the offline rehearsal model;"
              + " set OPENAI_BASE_URL or OPENAI_API_KEY for a real one");
    } else {
      LOG.infof("providers=%s models_file=%s", providers.keySet(), file.path());
    }
  }

  /**
   * The model of this name, which may be pinned: {@code model@2026-04-15}.
   *
   * @throws ModelException if there is none
   */
  public LanguageModel require(String model) {
    return find(model)
        .orElseThrow(
            () ->
                new ModelException(
                    ModelException.Kind.UNKNOWN_MODEL,
                    "The model '%s' does not exist or is not configured.".formatted(model)));
  }

  /** The model of this name, if the name can be one and somebody answers to it. */
  public Optional<LanguageModel> find(String model) {
    if (model == null || model.isBlank() || model.length() > LONGEST_NAME) {
      return Optional.empty();
    }
    var name = unpinned(model);
    var described = file.find(name);
    if (described.isPresent()) {
      return described.map(this::of);
    }
    if (name.equals(RehearsalModel.NAME)) {
      return Optional.of(RehearsalModel.named());
    }
    if (name.startsWith("ollama/") && providers.containsKey("ollama")) {
      return Optional.of(atProvider("ollama", name, name.substring("ollama/".length())));
    }
    if (name.startsWith("claude-") && providers.containsKey("anthropic")) {
      return Optional.of(atProvider("anthropic", name, name));
    }
    if (name.startsWith("gemini-") && providers.containsKey("gemini")) {
      return Optional.of(atProvider("gemini", name, name));
    }
    if (providers.containsKey("openai")) {
      return Optional.of(atProvider("openai", name, name));
    }
    return providers.isEmpty() && file.models().isEmpty()
        ? Optional.of(RehearsalModel.standInFor(name))
        : Optional.empty();
  }

  /** The models of the models file, and the rehearsal model. */
  public List<ModelInfo> all() {
    var all = new ArrayList<ModelInfo>();
    file.models().forEach(described -> all.add(described.info()));
    if (all.stream().noneMatch(info -> info.name().equals(RehearsalModel.NAME))) {
      all.add(RehearsalModel.named().info());
    }
    return List.copyOf(all);
  }

  /** The name without the date to which it may be pinned. */
  static String unpinned(String model) {
    int at = model.lastIndexOf('@');
    return at <= 0 ? model : model.substring(0, at);
  }

  private LanguageModel of(ModelsFile.Entry described) {
    return byType
        .get(described.provider().type())
        .model(described.info(), described.nameAtProvider(), described.provider());
  }

  private LanguageModel atProvider(String provider, String name, String nameAtProvider) {
    var settings = providers.get(provider);
    var info = ModelFamilies.info(name, provider, settings.region());
    return byType.get(settings.type()).model(info, nameAtProvider, settings);
  }

  /** Ollama needs an address, the others a key or an address. */
  private void configure(String type, String variables, ModelsConfig.Endpoint endpoint) {
    boolean set =
        endpoint.baseUrl().isPresent() || (endpoint.apiKey().isPresent() && !type.equals("ollama"));
    if (endpoint.baseUrl().isPresent() && !ProviderConfig.isHttpUrl(endpoint.baseUrl().get())) {
      throw new ModelsFileException(
          variables + "_BASE_URL", "is not an http or https address: " + endpoint.baseUrl().get());
    }
    if (set && byType.containsKey(type)) {
      providers.put(
          type,
          ProviderConfig.of(
              type, type, endpoint.baseUrl(), endpoint.apiKey(), variables + "_API_KEY"));
    }
  }
}
