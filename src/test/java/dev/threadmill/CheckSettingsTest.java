package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CheckSettingsTest {
  private static void check(Map<String, String> properties) {
    CheckSettings.check(
        CheckSettings.builder().withSources(new PropertiesConfigSource(properties, "test", 400)));
  }

  private static void checkEnvironment(Map<String, String> variables) {
    CheckSettings.check(CheckSettings.builder().withSources(new EnvConfigSource(variables, 300)));
  }

  @Test
  void theDefaultsPass() {
    assertThatCode(() -> check(Map.of())).doesNotThrowAnyException();
  }

  @Test
  void everyMappingOfTheServerIsChecked() {
    var mappings =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.threadmill")
                .stream()
                .filter(each -> each.isAnnotatedWith(ConfigMapping.class))
                .map(each -> each.getName());

    assertThat(CheckSettings.MAPPINGS.stream().map(Class::getName))
        .containsExactlyInAnyOrderElementsOf(mappings.toList());
  }

  /** All settings that are no texts, with a value that cannot be read. */
  static Stream<Arguments> typedSettings() {
    return CheckSettings.MAPPINGS.stream()
        .flatMap(mapping -> Stream.of(mapping.getDeclaredMethods()).map(m -> named(mapping, m)));
  }

  private static Arguments named(Class<?> mapping, Method method) {
    return Arguments.of(CheckSettings.property(mapping, method), method);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("typedSettings")
  void aSettingThatCannotBeReadStopsTheStartWithOneLineThatNamesIt(String property, Method method) {
    var type = type(method);
    if (!type.isPrimitive() && type != Duration.class) {
      return; // a text, whose meaning has tests of its own below
    }
    assertNamed(property, "x1");
    if (type == boolean.class) {
      return;
    }
    assertNamed(property, "-1");
    if (CheckSettings.MAY_BE_ZERO.contains(property)) {
      assertThatCode(() -> check(Map.of(property, "0"))).as(property).doesNotThrowAnyException();
    } else {
      assertNamed(property, "0");
    }
    if (type == Duration.class) {
      assertNamed(property, "100000d");
    }
  }

  private static Class<?> type(Method method) {
    if (method.getReturnType() == OptionalInt.class) {
      return int.class;
    }
    return method.getGenericReturnType() instanceof ParameterizedType generic
            && generic.getRawType() == Optional.class
            && generic.getActualTypeArguments()[0] instanceof Class<?> inner
        ? inner
        : method.getReturnType();
  }

  private static void assertNamed(String property, String value) {
    var failure = catchThrowable(() -> check(Map.of(property, value)));

    assertThat(failure).as("%s=%s", property, value).isNotNull();
    assertThat(printed(failure))
        .as("%s=%s", property, value)
        .startsWith("threadmill: ")
        .contains(StartupFailure.variable(property))
        .hasLineCount(1);
  }

  @Test
  void everySettingThatMayBeZeroExists() {
    assertThat(typedSettings().map(arguments -> (String) arguments.get()[0]))
        .containsAll(CheckSettings.MAY_BE_ZERO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "THREADMILL_EGRESS_ALLOW | localhost:80",
        "THREADMILL_EGRESS_ALLOW | 127.0.0.1/99",
        "THREADMILL_EGRESS_ALLOW | 10.0.0.0/8,intranet",
        "THREADMILL_EGRESS_ALLOW | 10.0.0/8",
        "THREADMILL_EGRESS_ALLOW | 10.0.0.0/-1",
        "THREADMILL_EGRESS_ALLOW | fd00::/129",
        "THREADMILL_SECRET_KEY | short",
        "THREADMILL_SECRET_KEY | 0123456789012345678901234567890123456789,short",
        "THREADMILL_EMBEDDINGS | local/unknown",
        "THREADMILL_REGION | europe/west",
        "THREADMILL_EGRESS_REGIONS | example.com",
        "THREADMILL_EGRESS_REGIONS | a b=eu",
        "THREADMILL_EMBEDDINGS_REGION | -eu",
        "THREADMILL_EMBEDDINGS | a model",
        "THREADMILL_LEASE | five seconds",
        "THREADMILL_LEASE | 0s",
        "THREADMILL_LEASE | -5s",
        "THREADMILL_RUN_EXPIRY | ten minutes",
        "THREADMILL_RUN_EXPIRY | 0s",
        "THREADMILL_RUN_EXPIRY | 9s",
        "THREADMILL_RUN_EXPIRY | 25h",
        "THREADMILL_ADMIN_KEY | short",
        "THREADMILL_API_KEY | with space in it",
        "THREADMILL_MODERATIONS | perhaps",
        "THREADMILL_READS_FILES | perhaps",
        "THREADMILL_MODELS | /no/such/file.yaml",
        "OPENAI_BASE_URL | api.example.com/v1",
        "ANTHROPIC_BASE_URL | ftp://api.example.com",
        "GEMINI_BASE_URL | https://",
        "OLLAMA_BASE_URL | localhost:11434",
        "THREADMILL_RUNS_CONCURRENCY | many",
        "THREADMILL_RUNS_CONCURRENCY | 0",
        "THREADMILL_MEMORY_WORKER | maybe",
        "THREADMILL_TELEMETRY_OUTBOX_DISPATCHER | 2",
        "THREADMILL_EMBEDDINGS_DIMENSIONS | -1",
        "THREADMILL_MEMORY_PROCESSOR_SHARE | 0.001",
        "THREADMILL_MEMORY_PROCESSOR_SHARE | 50",
        "THREADMILL_MEMORY_PROCESSOR_SHARE | NaN",
      })
  void aTextThatMakesNoSenseStopsTheStartWithOneLineThatNamesIt(String variable, String value) {
    var failure = catchThrowable(() -> checkEnvironment(Map.of(variable, value)));

    assertThat(failure).isNotNull();
    assertThat(printed(failure)).startsWith("threadmill: ").contains(variable).hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "THREADMILL_EGRESS_ALLOW | localhost",
        "THREADMILL_EGRESS_ALLOW | localhost, 10.0.0.0/8",
        "THREADMILL_EGRESS_ALLOW | fd00::/8,192.168.1.7",
        "THREADMILL_EMBEDDINGS | local/bge-small-en-v1.5",
        "THREADMILL_EMBEDDINGS | text-embedding-3-small",
        "THREADMILL_REGION | EU",
        "THREADMILL_LEASE | 2s",
        "THREADMILL_RUN_EXPIRY | 30m",
        "THREADMILL_RUNS_DRAIN | 0s",
        "THREADMILL_MEMORY_PROCESSOR_SHARE | 0.01",
        "THREADMILL_MEMORY_PROCESSOR_SHARE | 1",
        "OLLAMA_BASE_URL | http://localhost:11434",
      })
  void whatMakesSenseIsAccepted(String variable, String value) {
    assertThatCode(() -> checkEnvironment(Map.of(variable, value))).doesNotThrowAnyException();
  }

  @Test
  void theTwoKeysMustDiffer() {
    var keys =
        Map.of("THREADMILL_ADMIN_KEY", "the-same-key-1", "THREADMILL_API_KEY", "the-same-key-1");

    assertThatThrownBy(() -> checkEnvironment(keys)).hasMessageStartingWith("THREADMILL_API_KEY");
  }

  @ParameterizedTest
  @CsvSource({
    "THREADMILL_EGRESS_ALLOW, 127.0.0.1/99",
    "THREADMILL_LEASE, soon",
  })
  void theProcessEndsBeforeAnythingIsStarted(String variable, String value) throws Exception {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Threadmill.class.getName());
    builder.environment().put(variable, value);
    Process process = builder.start();

    List<String> errors = process.errorReader().lines().toList();

    assertThat(errors).hasSize(1).first().asString().contains(variable).contains(value);
    assertThat(process.waitFor()).isEqualTo(1);
  }

  private static String printed(Throwable failure) {
    var bytes = new ByteArrayOutputStream();
    new StartupFailure(failure).printTo(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
