package dev.threadmill.models.registry;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOptions;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ObserveModelCalls;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.rehearsal.RehearsalModel;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The models by name. A name belongs, in this order: to the model of that name in the models file;
 * to the model that it stands for, if it is a tier; to the rehearsal model, if it is {@code
 * rehearsal}; to the provider whose prefix it has, if that provider is configured; to the default
 * provider, as it stands; and with no default provider to the rehearsal model, so that apps run
 * unchanged offline.
 */
@ApplicationScoped
public class ModelRegistry {
  private static final Logger LOG = Logger.getLogger(ModelRegistry.class);
  private static final int LONGEST_NAME = 256;
  private static final int FIRST = 1;
  private static final String OLLAMA = "ollama/";

  /** The type of the providers that may answer with sound. */
  private static final String OPENAI = "openai";

  /** The providers whose models are called by their own names, or by these and a prefix. */
  private static final Set<String> DIRECT = Set.of("openai", "anthropic", "gemini", "ollama");

  private final Map<String, Provider> byType;
  private final Map<String, ProviderConfig> providers;
  private final ModelsFile file;
  private final ModelTiers tiers;
  private final LearnedFacts learned;
  private final ObserveModelCalls observer;
  private final Map<String, ProviderListing> listings = new LinkedHashMap<>();

  public ModelRegistry(
      @All List<Provider> kinds,
      ModelsConfig config,
      LearnedFacts learned,
      ObserveModelCalls observer,
      InstantSource clock) {
    this.learned = learned;
    this.observer = observer;
    this.byType =
        kinds.stream().collect(Collectors.toUnmodifiableMap(Provider::type, Function.identity()));
    this.providers = new LinkedHashMap<>();
    configure("openai", "OPENAI", config.openai());
    configure("anthropic", "ANTHROPIC", config.anthropic());
    configure("gemini", "GEMINI", config.gemini());
    configure("ollama", "OLLAMA", config.ollama());
    var options =
        ModelOptions.DEFAULT.with(
            config.moderations().orElse(null),
            config.readsFiles().orElse(null),
            ModelPrices.checked(config.prices()).orElse(null));
    providers.computeIfPresent("openai", (_, openai) -> openai.with(options));
    this.file =
        config
            .file()
            .map(path -> ModelsFile.read(path, providers, byType.keySet(), System.getenv()))
            .orElse(ModelsFile.NONE);
    this.tiers = ModelTiers.of(config.tiers(), file);
    var listed = new LinkedHashMap<>(providers);
    file.models().forEach(entry -> listed.putIfAbsent(entry.provider().name(), entry.provider()));
    listed.forEach(
        (name, provider) ->
            listings.put(
                name,
                new ProviderListing(
                    name, () -> byType.get(provider.type()).modelNames(provider), clock)));
  }

  /** Reads the models file at the start, so that a malformed one stops it. */
  void onStart(@Observes @Priority(FIRST) StartupEvent start) {
    if (isOffline()) {
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

  /**
   * A model at its provider.
   *
   * @param nameAtProvider without the date of a pinned version
   */
  public record Location(ModelInfo info, String nameAtProvider, ProviderConfig provider) {}

  /** The model of this name; empty if no provider is configured for it. */
  public Optional<LanguageModel> find(String model) {
    return unobserved(model).map(observer::observed);
  }

  private Optional<LanguageModel> unobserved(String model) {
    if (!isName(model)) {
      return Optional.empty();
    }
    var location = locate(model);
    if (location.isPresent()) {
      return location.map(this::of);
    }
    var name = resolved(model);
    if (name.equals(RehearsalModel.NAME)) {
      return Optional.of(RehearsalModel.named());
    }
    return isOffline() ? Optional.of(RehearsalModel.standInFor(name)) : Optional.empty();
  }

  /**
   * The model of this name as it is configured, without what its provider refused meanwhile; empty
   * if no provider is configured for it.
   */
  public Optional<ModelInfo> configured(String model) {
    return locate(model).map(Location::info).or(() -> find(model).map(LanguageModel::info));
  }

  /** Where the model of this name is; empty if no provider is configured for it. */
  public Optional<Location> locate(String model) {
    if (!isName(model)) {
      return Optional.empty();
    }
    return locateNamed(resolved(model));
  }

  /** The name without its version, and of the model if it is a tier. */
  private String resolved(String model) {
    var name = unpinned(model);
    return file.find(name).isPresent() ? name : tiers.modelOf(name);
  }

  /**
   * Refuses a tier that stands for no model. Offline the rehearsal model stands in for it.
   *
   * @throws ApiException 400 that names the field {@code model}
   */
  public void requireMapped(String model) {
    if (model != null && !isOffline() && isUnmapped(model)) {
      throw ApiException.invalid(
          "model",
          "tier_not_configured",
          ("The tier '%s' stands for no model on this server. Give a model the tier in the models"
                  + " file, or set THREADMILL_TIERS, such as %s=MODEL.")
              .formatted(model, unpinned(model)));
    }
  }

  private boolean isUnmapped(String model) {
    var name = unpinned(model);
    return tiers.isUnmapped(name) && file.find(name).isEmpty();
  }

  private Optional<Location> locateNamed(String name) {
    var described = file.find(name);
    if (described.isPresent()) {
      return described.map(
          entry ->
              new Location(
                  ModelPrices.priced(entry.info(), entry.nameAtProvider(), entry.provider()),
                  entry.nameAtProvider(),
                  entry.provider()));
    }
    if (ModelTiers.RESERVED.contains(name)) {
      return Optional.empty();
    }
    if (name.equals(RehearsalModel.NAME)) {
      return Optional.empty();
    }
    if (name.startsWith(OLLAMA) && providers.containsKey("ollama")) {
      return Optional.of(atProvider("ollama", name, name.substring(OLLAMA.length())));
    }
    if (name.startsWith("claude-") && providers.containsKey("anthropic")) {
      return Optional.of(atProvider("anthropic", name, name));
    }
    if (name.startsWith("gemini-") && providers.containsKey("gemini")) {
      return Optional.of(atProvider("gemini", name, name));
    }
    return providers.containsKey("openai")
        ? Optional.of(atProvider("openai", name, name))
        : Optional.empty();
  }

  /** Whether there is no provider, and built-in models stand in for all others. */
  public boolean isOffline() {
    return providers.isEmpty() && file.models().isEmpty();
  }

  private static boolean isName(String model) {
    return model != null && !model.isBlank() && model.length() <= LONGEST_NAME;
  }

  /**
   * The model of this name as far as anything is known of it. Unlike {@link #find} it also queries
   * the provider: empty if the provider lists its models and this is none of them.
   */
  public Optional<ModelInfo> describe(String model) {
    var found = find(model).map(LanguageModel::info);
    if (found.isEmpty() || file.find(unpinned(model)).isPresent()) {
      return found;
    }
    var name = unpinned(model);
    if (tiers.all().containsKey(name)) {
      return describe(tiers.modelOf(name)).map(info -> asTier(info, name));
    }
    var listing = listings.get(found.get().ownedBy());
    var listed = listing == null ? Optional.<List<String>>empty() : listing.names();
    return listed.isEmpty() || isListed(model, found.get().ownedBy(), listed.get())
        ? found
        : Optional.empty();
  }

  private static ModelInfo asTier(ModelInfo info, String tier) {
    return info.named(tier, info.contextWindow());
  }

  private boolean isListed(String model, String provider, List<String> listed) {
    var name = unpinned(model);
    var sent = name.startsWith(OLLAMA) ? name.substring(OLLAMA.length()) : name;
    var pinned = providers.get(provider).pinnedName(sent, model);
    return listed.contains(sent) || listed.contains(pinned) || listed.contains(sent + ":latest");
  }

  /** Whether context window and abilities of a model are known, not assumed. */
  public boolean isDescribed(String model) {
    var name = resolved(model);
    return file.find(name).isPresent()
        || name.equals(RehearsalModel.NAME)
        || ModelFamilies.describes(name);
  }

  /**
   * The models that can be called by name: those of the models file, those that providers list as
   * far as a rule or a prefix leads to them, and the rehearsal model. Providers that do not respond
   * in time are left out.
   */
  public List<ModelInfo> all() {
    var all = new LinkedHashMap<String, ModelInfo>();
    for (var entry : file.models()) {
      if (!entry.isPattern() && !entry.info().name().equals(RehearsalModel.NAME)) {
        all.put(
            entry.info().name(),
            ModelPrices.priced(entry.info(), entry.nameAtProvider(), entry.provider()));
      }
    }
    var names = listedNames();
    for (var name : names) {
      find(name).map(LanguageModel::info).ifPresent(info -> all.putIfAbsent(name, info));
    }
    var rehearsal = find(RehearsalModel.NAME).map(LanguageModel::info).orElseThrow();
    tiers
        .all()
        .forEach(
            (tier, model) ->
                find(tier)
                    .map(LanguageModel::info)
                    .ifPresent(info -> all.putIfAbsent(tier, asTier(info, tier))));
    all.put(RehearsalModel.NAME, rehearsal);
    return List.copyOf(all.values());
  }

  /** The names by which clients call what the providers list. */
  private List<String> listedNames() {
    var lookups = new LinkedHashMap<String, CompletableFuture<Optional<List<String>>>>();
    listings.forEach(
        (provider, listing) -> {
          var lookup = new CompletableFuture<Optional<List<String>>>();
          Thread.ofVirtual().start(() -> lookup.complete(listing.names()));
          lookups.put(provider, lookup);
        });
    var names = new ArrayList<String>();
    lookups.forEach(
        (provider, lookup) ->
            lookup.join().orElse(List.of()).stream()
                .flatMap(name -> calledAs(provider, name))
                .forEach(names::add));
    return names;
  }

  /** The names under which a model of a provider can be called. */
  private Stream<String> calledAs(String provider, String name) {
    var byRule =
        file.models().stream()
            .filter(ModelsFile.Entry::isPattern)
            .filter(entry -> entry.provider().name().equals(provider))
            .flatMap(entry -> entry.calledAs(name).stream());
    var direct = provider.equals("ollama") ? OLLAMA + name : name;
    boolean isReached =
        DIRECT.contains(provider)
            && file.find(direct).isEmpty()
            && find(direct).filter(model -> model.info().ownedBy().equals(provider)).isPresent();
    return Stream.concat(byRule, isReached ? Stream.of(direct) : Stream.empty());
  }

  /** The name without the date to which it may be pinned. */
  static String unpinned(String model) {
    int at = model.lastIndexOf('@');
    return at <= 0 ? model : model.substring(0, at);
  }

  private LanguageModel of(Location location) {
    var provider = location.provider();
    var info = asLearned(location.info(), provider, location.nameAtProvider());
    return byType.get(provider.type()).model(info, location.nameAtProvider(), provider);
  }

  private Location atProvider(String name, String model, String nameAtProvider) {
    var provider = providers.get(name);
    return new Location(
        ModelPrices.priced(ModelFamilies.info(model, provider), nameAtProvider, provider),
        nameAtProvider,
        provider);
  }

  /** With a smaller context window, and without kinds of content, as the provider refused them. */
  private ModelInfo asLearned(ModelInfo info, ProviderConfig provider, String model) {
    var facts = learned.of(provider.name(), model);
    int window = facts.ownContextWindow();
    var limited =
        info.limitedTo(
            facts.supports(ModelFacts.IMAGES),
            facts.supports(ModelFacts.FILES),
            facts.supports(ModelFacts.AUDIO),
            provider.type().equals(OPENAI));
    return window == 0 || window >= info.contextWindow()
        ? limited
        : limited.withContextWindow(window);
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
