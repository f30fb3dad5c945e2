package dev.threadmill.models.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.Price;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the price of a model comes from, and which model a tier stands for. */
class ModelPricesTest {
  private static final String FILE =
      """
      providers:
        gateway:
          base_url: https://gateway.example/v1
          prices: anthropic
      models:
        - name: gpt-4o
          provider: openai
          price: {input: 2, cached_input: 0.5, output: 8}
        - name: own
          provider: gateway
          tier: tiny
          price: {input: 0, output: 0}
        - name: sonnet
          provider: gateway
          model: claude-sonnet-4-5
          tier: reasoner
        - name: hidden/*
          provider: gateway
          model: "*"
      """;

  @TempDir Path folder;

  private ModelsSetup setup(Map<String, String> settings) throws IOException {
    var all = new HashMap<>(settings);
    all.put("file", Files.writeString(folder.resolve("models.yaml"), FILE).toString());
    all.put("openai.api-key", "sk-x");
    return new ModelsSetup(all);
  }

  private static Price price(ModelsSetup setup, String model) {
    return setup.models().require(model).info().price();
  }

  @Test
  void theModelsFileComesBeforeTheList() throws IOException {
    try (var setup = setup(Map.of())) {
      assertThat(price(setup, "gpt-4o").input()).isEqualByComparingTo("2");
      assertThat(price(setup, "gpt-4o").cachedInput()).isEqualByComparingTo("0.5");
      assertThat(price(setup, "gpt-4o-mini").input()).isEqualByComparingTo("0.15");
      assertThat(price(setup, "own").isFree()).isTrue();
      assertThat(price(setup, "sonnet").output()).isEqualByComparingTo("15");
      assertThat(price(setup, "hidden/claude-3-opus").output()).isEqualByComparingTo("75");
      assertThat(price(setup, "hidden/another")).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com/v1, , 2.5",
    "https://api.openai.com/v1, none, ",
    "https://gateway.example/v1, , ",
    "https://gateway.example/v1, openai, 2.5",
    "http://localhost:8000/v1, , "
  })
  void listPricesCountForTheProvidersOwnAddressUnlessSaidOtherwise(
      String url, String prices, BigDecimal input) {
    var settings = new HashMap<>(Map.of("openai.base-url", url));
    if (prices != null) {
      settings.put("prices", prices);
    }
    try (var setup = new ModelsSetup(settings)) {
      var price = price(setup, "gpt-4o");
      assertThat(price == null ? null : price.input()).isEqualTo(input);
    }
  }

  @Test
  void aTierStandsForTheModelOfTheFileOrTheSetting() throws IOException {
    try (var setup = setup(Map.of("tiers", "fast=gpt-4o-mini, reasoner = o3"))) {
      assertThat(setup.models().require("fast").info().name()).isEqualTo("gpt-4o-mini");
      assertThat(setup.models().require("fast").info().price().input())
          .isEqualByComparingTo("0.15");
      assertThat(setup.models().require("reasoner").info().name()).isEqualTo("o3");
      assertThat(setup.models().require("tiny").info().name()).isEqualTo("own");
      assertThat(setup.models().locate("tiny").orElseThrow().provider().name())
          .isEqualTo("gateway");
      assertThat(setup.models().all())
          .extracting(ModelInfo::name)
          .contains("fast", "reasoner", "tiny", "own", "sonnet");
      setup.models().requireMapped("tiny");
    }
  }

  @Test
  void aTierThatStandsForNoModelIsRefused() throws IOException {
    try (var setup = setup(Map.of())) {
      assertThat(setup.models().find("fast")).isEmpty();
      assertThatThrownBy(() -> setup.models().requireMapped("fast"))
          .isInstanceOfSatisfying(
              ApiException.class,
              e -> {
                assertThat(e.error().param()).isEqualTo("model");
              })
          .hasMessageContaining("THREADMILL_TIERS");
      assertThat(setup.models().all()).extracting(ModelInfo::name).doesNotContain("fast");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fast            | must be pairs",
        "fast=           | must be pairs",
        "fast=a,fast=b   | twice",
        "fast=tiny       | not to the tier",
      })
  void aWrongSettingIsRefused(String tiers, String expected) {
    assertThatThrownBy(() -> new ModelsSetup(Map.of("openai.api-key", "x", "tiers", tiers)))
        .isInstanceOf(ModelsFileException.class)
        .hasMessageContaining("THREADMILL_TIERS")
        .hasMessageContaining(expected);
    assertThatThrownBy(() -> new ModelsSetup(Map.of("openai.api-key", "x", "prices", "nowhere")))
        .hasMessageContaining("THREADMILL_PRICES");
  }
}
