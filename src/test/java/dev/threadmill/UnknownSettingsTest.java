package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnknownSettingsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "THREADMILL_DATABSE_URL, THREADMILL_DATABASE_URL",
    "THREADMILL_EGRESS_ALLOWED, THREADMILL_EGRESS_ALLOW",
    "THREADMILL_RUNS_CONCURENCY, THREADMILL_RUNS_CONCURRENCY",
    "THREADMILL_MODELS_OPENAI_BASEURL, THREADMILL_MODELS_OPENAI_BASE_URL",
    "THREADMILL_Port, THREADMILL_PORT"
  })
  void aMisspelledSettingIsNamedWithTheOneThatIsMeant(String name, String meant) {
    assertThat(UnknownSettings.warnings(Map.of(name, "secret value")))
        .containsExactly(
            "unknown setting ignored name=%s; did you mean %s?".formatted(name, meant));
  }

  @Test
  void eachUnknownSettingIsALineAndOneLikeNoOtherHasNoHint() {
    assertThat(
            UnknownSettings.warnings(
                Map.of("THREADMILL_B_OF_SOMETHING_ELSE", "1", "THREADMILL_A_QUITE_ODD_NAME", "2")))
        .containsExactly(
            "unknown setting ignored name=THREADMILL_A_QUITE_ODD_NAME",
            "unknown setting ignored name=THREADMILL_B_OF_SOMETHING_ELSE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "THREADMILL_PORT",
        "THREADMILL_LEASE",
        "THREADMILL_MODELS",
        "THREADMILL_RUNS_DRAIN",
        "THREADMILL_MODELS_OLLAMA_BASE_URL",
        "THREADMILL_HOME",
        "THREADMILL_URL",
        "THREADMILL_SERVICE_HOST",
        "THREADMILL_SERVICE_PORT_HTTP",
        "THREADMILL_PORT_8080_TCP_ADDR",
        "THREADMILL_DB_PORT",
        "OPENAI_BASE_URL",
        "threadmill_port"
      })
  void whatIsReadOrComesFromElsewhereIsNotWarnedOf(String name) {
    assertThat(UnknownSettings.warnings(Map.of(name, "1"))).isEmpty();
  }

  @Test
  void theModelsFileMayNameVariablesOfItsOwn() throws IOException {
    var file = folder.resolve("models.yaml");
    Files.writeString(file, "providers: {own: {api_key_env: THREADMILL_KEY_OF_OWN}}");
    var environment = new HashMap<>(Map.of("THREADMILL_KEY_OF_OWN", "k"));

    assertThat(UnknownSettings.warnings(environment)).hasSize(1);
    environment.put("THREADMILL_MODELS", file.toString());
    assertThat(UnknownSettings.warnings(environment)).isEmpty();
  }
}
