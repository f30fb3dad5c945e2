package dev.threadmill.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
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
          "audio",
          "reasoning",
          "price");

  /** One model of the file. */
  record Entry(ModelInfo info, String nameAtProvider, ProviderConfig provider) {}

  ModelsFile {
    models = List.copyOf(models);
  }

  Optional<Entry> find(String name) {
    return models.stream().filter(model -> model.info().name().equals(name)).findFirst();
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
        headers);
  }

  private static Optional<String> reasoningField(YamlField field, Optional<String> baseUrl) {
    var given = field.text();
    if (given.isPresent() && !given.get().matches("none|[a-z_]{1,64}")) {
      throw field.wrong("must be the name of a field, or none");
    }
    return given.isPresent()
        ? given.filter(name -> !name.equals("none"))
        : ProviderConfig.reasoningField(baseUrl);
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
    var known = ModelFamilies.info(nameAtProvider, providerName, provider.region());
    var price = field.get("price");
    price.allowOnly(Set.of("input", "output"));
    var info =
        new ModelInfo(
            name,
            providerName,
            field.get("context_window").positive().orElse(known.contextWindow()),
            field.get("max_output").positive().orElse(known.maxOutput()),
            field.get("tools").bool().orElse(known.tools()),
            field.get("images").bool().orElse(known.images()),
            field.get("audio").bool().orElse(known.audio()),
            field.get("reasoning").bool().orElse(known.reasoning()),
            field.get("tier").text().orElse(null),
            field.get("region").text().orElse(provider.region()),
            price.isAbsent()
                ? null
                : new ModelInfo.Price(price.get("input").amount(), price.get("output").amount()));
    return new Entry(info, nameAtProvider, provider);
  }
}
