package dev.threadmill.models.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOptions;
import dev.threadmill.models.Price;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningTags;
import dev.threadmill.models.TextToolCalls;
import dev.threadmill.models.rehearsal.RehearsalModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The models file, read (see docs/models.md). Nothing in it is guessed: what is odd is refused. */
record ModelsFile(String path, List<Entry> models) {
  static final ModelsFile NONE = new ModelsFile("none", List.of());

  private static final Set<String> PROVIDER_FIELDS =
      Set.of(
          "type",
          "base_url",
          "api_key_env",
          "region",
          "pin",
          "max_tokens_field",
          "stream",
          "reasoning_field",
          "reasoning_tags",
          "text_tool_calls",
          "timeouts",
          "moderations",
          "files",
          "prices",
          "headers");
  private static final Set<String> MODEL_FIELDS =
      Set.of(
          "name",
          "provider",
          "model",
          "tier",
          "region",
          "context_window",
          "max_output",
          "tools",
          "images",
          "files",
          "audio",
          "speech",
          "web_search",
          "reasoning",
          "reasoning_tags",
          "text_tool_calls",
          "timeouts",
          "moderations",
          "price");

  /**
   * One model of the file.
   *
   * @param hasWindow whether the file says how large its context window is
   */
  record Entry(ModelInfo info, String nameAtProvider, ProviderConfig provider, boolean hasWindow) {
    /** Whether this is a rule for all models whose name has this form. */
    boolean isPattern() {
      return info.name().contains("*");
    }

    boolean matches(String name) {
      return form().matcher(name).matches();
    }

    /** The form of names that the rule is for; its first group is what the star stands for. */
    private Pattern form() {
      var regex = new StringBuilder();
      for (var part : info.name().split("\\*", -1)) {
        regex.append(regex.isEmpty() ? "" : "(.*)").append(Pattern.quote(part));
      }
      return Pattern.compile(regex.toString());
    }

    /** The name under which the rule offers a model that the provider calls so, if it does. */
    Optional<String> calledAs(String theirs) {
      var name =
          nameAtProvider.equals(info.name()) || !nameAtProvider.contains("*")
              ? theirs
              : inverse(theirs);
      return name != null && matches(name) && named(name).nameAtProvider().equals(theirs)
          ? Optional.of(name)
          : Optional.empty();
    }

    /** What a rule such as {@code groq/*} calls a model that its provider knows as {@code *}. */
    private String inverse(String theirs) {
      var parts = nameAtProvider.split("\\*", 2);
      boolean fits =
          theirs.length() >= parts[0].length() + parts[1].length()
              && theirs.startsWith(parts[0])
              && theirs.endsWith(parts[1]);
      return fits
          ? info.name()
              .replace(
                  "*", theirs.substring(parts[0].length(), theirs.length() - parts[1].length()))
          : null;
    }

    /** The model of this name, which the rule is for. */
    Entry named(String name) {
      var described = ModelFamilies.info(name, provider);
      return new Entry(
          info.named(name, hasWindow ? info.contextWindow() : described.contextWindow()),
          nameAtProvider.equals(info.name())
              ? name
              : form()
                  .matcher(name)
                  .replaceFirst(Matcher.quoteReplacement(nameAtProvider).replace("*", "$1")),
          provider,
          hasWindow);
    }
  }

  ModelsFile {
    models = List.copyOf(models);
  }

  Optional<Entry> find(String name) {
    var exact = models.stream().filter(model -> model.info().name().equals(name)).findFirst();
    return exact.isPresent()
        ? exact
        : models.stream()
            .filter(model -> model.isPattern() && model.matches(name))
            .findFirst()
            .map(model -> model.named(name));
  }

  /**
   * Reads the file.
   *
   * @param given providers that the environment describes, which models may name as well
   * @param types the kinds of providers there are
   * @param environment where keys come from
   * @throws ModelsFileException if anything is wrong with it
   */
  static ModelsFile read(
      String path,
      Map<String, ProviderConfig> given,
      Set<String> types,
      Map<String, String> environment) {
    var root = new YamlField(path, "", tree(path));
    root.allowOnly(Set.of("providers", "models"));
    var providers = new LinkedHashMap<>(given);
    providers.putIfAbsent(
        RehearsalModel.NAME,
        ProviderConfig.of(
            RehearsalModel.NAME, RehearsalModel.NAME, Optional.empty(), Optional.empty(), ""));
    for (var provider : root.get("providers").fields().entrySet()) {
      providers.put(
          provider.getKey(), provider(provider.getKey(), provider.getValue(), types, environment));
    }
    var models = new ArrayList<Entry>();
    for (var model : root.get("models").elements()) {
      var described = model(model, providers);
      if (models.stream().anyMatch(m -> m.info().name().equals(described.info().name()))) {
        throw model.get("name").wrong("is there twice");
      }
      models.add(described);
    }
    return new ModelsFile(path, models);
  }

  private static JsonNode tree(String path) {
    try {
      return new ObjectMapper(new YAMLFactory())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION.mappedFeature())
          .readTree(Files.readString(Path.of(path)));
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      throw new ModelsFileException(
          path,
          "line " + (at == null ? 1 : at.getLineNr()),
          "is not YAML: " + e.getOriginalMessage().lines().findFirst().orElse(""));
    } catch (IOException | InvalidPathException e) {
      throw new ModelsFileException(
          path, "cannot be read (" + e.getClass().getSimpleName() + "); see THREADMILL_MODELS");
    }
  }

  private static ProviderConfig provider(
      String name, YamlField field, Set<String> types, Map<String, String> environment) {
    field.allowOnly(PROVIDER_FIELDS);
    var type = field.get("type").text().orElse("openai");
    if (!types.contains(type)) {
      throw field.get("type").wrong("'%s' is none of %s".formatted(type, types));
    }
    var baseUrl = field.get("base_url").text();
    baseUrl.ifPresent(
        url -> {
          if (!ProviderConfig.isHttpUrl(url)) {
            throw field.get("base_url").wrong("is not an http or https address");
          }
        });
    var variable = field.get("api_key_env").text();
    var key = variable.map(environment::get).filter(value -> !value.isBlank());
    if (variable.isPresent() && key.isEmpty()) {
      throw field
          .get("api_key_env")
          .wrong("the environment variable %s is not set".formatted(variable.get()));
    }
    var pin = field.get("pin").text().orElse(ProviderConfig.pin(type));
    if (!pin.contains("{model}")) {
      throw field.get("pin").wrong("must contain {model}");
    }
    var headers = new LinkedHashMap<String, String>();
    field
        .get("headers")
        .fields()
        .forEach((h, value) -> value.text().ifPresent(v -> headers.put(h, v)));
    return new ProviderConfig(
        name,
        type,
        baseUrl,
        key,
        variable.orElse("api_key_env of the provider '%s'".formatted(name)),
        field.get("region").text().orElse(null),
        pin,
        field.get("max_tokens_field").text().orElse(ProviderConfig.MAX_TOKENS_FIELD),
        field.get("stream").bool().orElse(true),
        reasoningField(field.get("reasoning_field"), baseUrl),
        headers,
        options(field, ModelOptions.DEFAULT));
  }

  /** The options of a provider or a model, with those of the provider as defaults. */
  private static ModelOptions options(YamlField field, ModelOptions defaults) {
    var timeouts = field.get("timeouts");
    timeouts.allowOnly(Set.of("first_byte", "next_byte", "answer"));
    return new ModelOptions(
        field.get("reasoning_tags").constant(ReasoningTags.class).orElse(defaults.reasoningTags()),
        field.get("text_tool_calls").constant(TextToolCalls.class).orElse(defaults.textToolCalls()),
        timeouts.get("first_byte").duration().orElse(defaults.firstByte()),
        timeouts.get("next_byte").duration().orElse(defaults.nextByte()),
        timeouts.get("answer").duration().orElse(defaults.answer()),
        field.get("moderations").bool().orElse(defaults.moderations()),
        field.get("files").bool().orElse(defaults.files()),
        prices(field.get("prices")).orElse(defaults.prices()));
  }

  private static Optional<String> prices(YamlField field) {
    return field
        .text()
        .map(
            text -> {
              if (!ModelPrices.isKnown(text)) {
                throw field.wrong("'%s' is none of %s".formatted(text, ModelPrices.names()));
              }
              return text;
            });
  }

  private static Price price(YamlField field) {
    if (field.isAbsent()) {
      return null;
    }
    field.allowOnly(
        Set.of(
            "input",
            "cached_input",
            "output",
            "reasoning",
            "audio_input",
            "audio_output",
            "image_input"));
    return new Price(
        field.get("input").amount(),
        field.get("cached_input").amountOrNull(),
        field.get("output").amount(),
        field.get("reasoning").amountOrNull(),
        field.get("audio_input").amountOrNull(),
        field.get("audio_output").amountOrNull(),
        field.get("image_input").amountOrNull());
  }

  private static Optional<String> reasoningField(YamlField field, Optional<String> baseUrl) {
    var given = field.text();
    if (given.isPresent() && !given.get().matches("none|[a-z_]{1,64}")) {
      throw field.wrong("must be the name of a field, or none");
    }
    return given.isPresent() ? given : ProviderConfig.reasoningField(baseUrl);
  }

  private static Entry model(YamlField field, Map<String, ProviderConfig> providers) {
    field.allowOnly(MODEL_FIELDS);
    var name = field.get("name").text().orElseThrow(() -> field.get("name").wrong("is missing"));
    if (name.contains("@")) {
      throw field.get("name").wrong("must not contain '@', which pins a version");
    }
    var providerField = field.get("provider");
    var providerName = providerField.text().orElseThrow(() -> providerField.wrong("is missing"));
    var provider = providers.get(providerName);
    if (provider == null) {
      throw providerField.wrong(
          "'%s' is none of the providers %s".formatted(providerName, providers.keySet()));
    }
    var nameAtProvider = field.get("model").text().orElse(name);
    boolean hasWindow = !field.get("context_window").isAbsent();
    var known = ModelFamilies.info(nameAtProvider, provider);
    var info =
        new ModelInfo(
            name,
            providerName,
            field.get("context_window").positive().orElse(known.contextWindow()),
            field.get("max_output").positive().orElse(known.maxOutput()),
            field.get("tools").bool().orElse(known.tools()),
            field.get("images").bool().orElse(known.images()),
            field.get("files").bool().orElse(known.files()),
            field.get("audio").bool().orElse(known.audio()),
            field.get("reasoning").bool().orElse(known.reasoning()),
            field.get("tier").text().orElse(null),
            field.get("region").text().orElse(provider.region()),
            price(field.get("price")),
            field
                .get("speech")
                .bool()
                .orElse(known.speech() && ModelFamilies.describes(nameAtProvider)),
            searchesWeb(field.get("web_search"), provider));
    return new Entry(
        info, nameAtProvider, provider.with(options(field, provider.options())), hasWindow);
  }

  private static boolean searchesWeb(YamlField field, ProviderConfig provider) {
    boolean isSet = field.bool().orElse(false);
    if (isSet && !provider.type().equals("openai")) {
      throw field.wrong("can be true for providers of the type 'openai' only");
    }
    return isSet;
  }
}
