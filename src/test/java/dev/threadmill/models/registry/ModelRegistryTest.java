package dev.threadmill.models.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.Price;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.Usage;
import dev.threadmill.tools.websearch.HostedSearch;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelRegistryTest {
  private static final String FILE =
      """
      providers:
        groq:
          base_url: https://groq.example/openai/v1/
          api_key_env: PATH
          region: us
          pin: "{model}:{date}"
          max_tokens_field: max_tokens
      models:
        - name: gpt-4.5-mini
          provider: groq
          model: llama-3.3-70b
          tier: fast
          context_window: 131072
          max_output: 8192
          images: false
          files: true
          price: {input: 0.5, output: 1.5}
        - name: trial
          provider: rehearsal
      """;

  @TempDir Path folder;

  @Test
  void withNoProviderEachNameIsAnsweredByTheRehearsalModel() {
    try (var setup = new ModelsSetup(Map.of())) {
      var model = setup.models().require("gpt-4o");

      assertThat(model.answersByRule()).isTrue();
      assertThat(model.info().name()).isEqualTo("gpt-4o");
    }
  }

  @Test
  void withADefaultProviderUnknownNamesAreItsAndRehearsalStays() {
    try (var setup = new ModelsSetup(Map.of("openai.api-key", "sk-x"))) {
      assertThat(setup.models().require("whatever-1").info().ownedBy()).isEqualTo("openai");
      assertThat(setup.models().require("rehearsal").answersByRule()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com/v1, , gpt-4o, true",
    "https://api.openai.com/v1, false, gpt-4o, false",
    "https://proxy.example/v1, , gpt-4o, false",
    "https://proxy.example/v1, true, gpt-4o, true",
    "https://proxy.example/v1, true, gpt-3.5-turbo, false",
  })
  void modelsAtOtherAddressesGetTheTextOfFilesUnlessTheyAreSaidToReadThem(
      String address, String setting, String model, boolean readsFiles) {
    var settings = new HashMap<>(Map.of("openai.base-url", address, "openai.api-key", "sk-x"));
    if (setting != null) {
      settings.put("reads-files", setting);
    }
    try (var setup = new ModelsSetup(settings)) {
      assertThat(setup.models().require(model).info().files()).isEqualTo(readsFiles);
    }
  }

  @Test
  void prefixesGoToTheirProvidersWhenTheseAreConfigured() {
    var settings =
        Map.of(
            "openai.api-key", "a",
            "anthropic.api-key", "b",
            "gemini.api-key", "c",
            "ollama.base-url", "http://127.0.0.1:11434");
    try (var setup = new ModelsSetup(settings)) {
      var models = setup.models();

      assertThat(models.require("claude-sonnet-4-5").info().ownedBy()).isEqualTo("anthropic");
      assertThat(models.require("gemini-2.5-flash").info().ownedBy()).isEqualTo("gemini");
      assertThat(models.require("ollama/llama3.2").info().ownedBy()).isEqualTo("ollama");
      assertThat(models.require("gpt-4o").info().ownedBy()).isEqualTo("openai");
    }
  }

  @Test
  void withoutADefaultProviderAnUnknownNameIsUnknown() {
    try (var setup = new ModelsSetup(Map.of("anthropic.api-key", "b"))) {
      assertThat(setup.models().find("gpt-4o")).isEmpty();
      assertThatThrownBy(() -> setup.models().require("gpt-4o"))
          .isInstanceOfSatisfying(
              ModelException.class,
              e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.UNKNOWN_MODEL));
    }
  }

  @Test
  void theModelsFileDescribesModelsAndTheirProviders() throws IOException {
    try (var setup = new ModelsSetup(Map.of("file", file(FILE)))) {
      var info = setup.models().require("gpt-4.5-mini@2026-04-15").info();

      assertThat(info)
          .isEqualTo(
              new ModelInfo(
                  "gpt-4.5-mini",
                  "groq",
                  131_072,
                  8_192,
                  true,
                  false,
                  true,
                  true,
                  true,
                  "fast",
                  "us",
                  Price.of(new BigDecimal("0.5"), new BigDecimal("1.5"))));
      assertThat(info.price().of(new Usage(2_000_000, 1_000_000)).dollars()).isEqualTo("2.5");
      assertThat(setup.models().require("trial").answersByRule()).isTrue();
      assertThat(setup.models().all())
          .extracting(ModelInfo::name)
          .containsExactly("gpt-4.5-mini", "trial", "fast", "rehearsal");
    }
  }

  @Test
  void aModelWhoseProviderSearchesTheWebIsAskedToUnlessTheToolHasFilters() throws IOException {
    var yaml = "models: [{name: sonar, provider: openai, web_search: true}]";
    var settings = Map.of("file", file(yaml), "openai.api-key", "k");
    try (var setup = new ModelsSetup(settings)) {
      var info = setup.models().require("sonar").info();
      var place = new WebSearchSpec.UserLocation(null, null, "AT", null, null);
      var filters = new WebSearchSpec.Filters(List.of("a.example"), null);

      assertThat(
              HostedSearch.of(
                  List.of(new WebSearchSpec(null, place, WebSearchSpec.ContextSize.HIGH)), info))
          .isEqualTo(new ModelRequest.WebSearch("high", Json.tree("{\"country\": \"AT\"}")));
      assertThat(HostedSearch.of(List.of(new WebSearchSpec(filters, null, null)), info)).isNull();
      assertThat(HostedSearch.of(List.of(), info)).isNull();
    }
  }

  @Test
  void aPinnedVersionIsSpelledAsTheProviderWantsIt() {
    var usual = ProviderConfig.of("a", "openai", Optional.empty(), Optional.empty(), "K");

    assertThat(usual.pinnedName("gpt-4o", "gpt-4o@2024-08-06")).isEqualTo("gpt-4o-2024-08-06");
    assertThat(usual.pinnedName("gpt-4o", "gpt-4o")).isEqualTo("gpt-4o");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "modles: []                                   | modles: is not a setting",
        "models: {}                                   | models: must be a list",
        "models: [{provider: rehearsal}]              | models[0].name: is missing",
        "models: [{name: a}]                          | models[0].provider: is missing",
        "models: [{name: a, provider: b}]             | models[0].provider: 'b' is none of",
        "models: [{name: a, provider: rehearsal, context_window: -1}] | models[0].context_window:",
        "models: [{name: a, provider: rehearsal, price: {input: 1}}]  | models[0].price.output:",
        "models: [{name: a, provider: rehearsal}, {name: a, provider: rehearsal}] | models[1].name:",
        "models: [{name: a, provider: rehearsal, web_search: true}]   | models[0].web_search: can be",
        "providers: {x: {reasoning_field: a b}}       | providers.x.reasoning_field: must be",
        "providers: {x: {type: y}}                    | providers.x.type: 'y' is none of",
        "providers: {x: {base_url: localhost}}        | providers.x.base_url: is not an http",
        "providers: {x: {api_key_env: NO_SUCH_ENV}}   | providers.x.api_key_env: the environment",
        "providers: {x: {api_key: sk-123}}            | providers.x.api_key: is not a setting",
        "models: [                                    | line ",
      })
  void aWrongFileIsRefusedInOneLineThatNamesFileAndField(String yaml, String expected)
      throws IOException {
    var file = file(yaml);

    assertThatThrownBy(() -> new ModelsSetup(Map.of("file", file)))
        .isInstanceOf(ModelsFileException.class)
        .hasMessageContaining(file + ": " + expected)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void aFileThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> new ModelsSetup(Map.of("file", "no/such.yaml")))
        .isInstanceOf(ModelsFileException.class)
        .hasMessageContaining("no/such.yaml: cannot be read");
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    assertThatThrownBy(() -> new ModelsSetup(Map.of("openai.base-url", "localhost:1234")))
        .isInstanceOf(ModelsFileException.class)
        .hasMessageContaining("OPENAI_BASE_URL");
  }

  @Test
  void theDefaultsAreTheDocumentedOnes() {
    var config = ModelsSetup.config(Map.of());

    var remote =
        ProviderConfig.of(
            "one", "openai", Optional.of("https://api.example.com/v1"), Optional.empty(), "KEY");
    assertThat(remote.firstByteTimeout(config)).isEqualTo(Duration.ofSeconds(30));
    assertThat(remote.nextByteTimeout(config)).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.answerTimeout()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.connectTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.retries()).isEqualTo(3);
    assertThat(config.firstBackoff()).isEqualTo(Duration.ofMillis(500));
    assertThat(config.longestBackoff()).isEqualTo(Duration.ofSeconds(30));
  }

  private String file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("models.yaml"), yaml).toString();
  }
}
