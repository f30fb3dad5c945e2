package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What can be checked of the files without a container engine. */
class DeployFilesTest {
  private static final Path DEPLOY = Path.of("deploy");
  private static final Pattern VARIABLE = Pattern.compile("\\bTHREADMILL_[A-Z_]+");
  private static final Pattern VALUE = Pattern.compile("\\.Values\\.([a-zA-Z.]+)");

  @Test
  void everyYamlFileIsYamlWithoutKeysGivenTwice() throws IOException {
    var files = new ArrayList<Path>();
    try (var all = Files.walk(DEPLOY)) {
      all.filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> !file.toString().contains("templates"))
          .forEach(files::add);
    }
    assertThat(files).hasSizeGreaterThanOrEqualTo(10);
    for (var file : files) {
      assertThat(documents(file)).as(file.toString()).isNotEmpty();
    }
  }

  @Test
  void everyKubernetesObjectSaysWhatItIsAndTheGraceOutlastsTheDrain() throws IOException {
    JsonNode deployment = null;
    for (var object : documents(DEPLOY.resolve("kubernetes/threadmill.yaml"))) {
      assertThat(object.at("/metadata/labels").toString()).contains("threadmill");
      assertThat(object.path("apiVersion").asText()).isNotEmpty();
      assertThat(object.at("/metadata/name").asText()).startsWith("threadmill");
      if (object.path("kind").asText().equals("Deployment")) {
        deployment = object;
      }
    }
    assertThat(deployment).isNotNull();
    var pod = deployment.at("/spec/template/spec");
    int preStop = pod.at("/containers/0/lifecycle/preStop/sleep/seconds").asInt();
    assertThat(pod.path("terminationGracePeriodSeconds").asInt()).isGreaterThan(preStop + 10 + 5);
    assertThat(deployment.at("/spec/selector/matchLabels"))
        .isEqualTo(deployment.at("/spec/template/metadata/labels"));
  }

  @Test
  void theComposeFileHasThreeNodesOnOneDatabase() throws IOException {
    var services = documents(DEPLOY.resolve("compose.yaml")).getFirst().path("services");
    for (var node : List.of("node-a", "node-b", "node-c")) {
      assertThat(services.path(node).at("/environment/THREADMILL_DATABASE_URL").asText())
          .contains("@postgres:");
    }
  }

  @Test
  void everyVariableThatIsSetIsASetting() throws IOException {
    var names = new HashMap<String, String>();
    try (var files = Files.walk(DEPLOY)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        VARIABLE
            .matcher(Files.readString(file))
            .results()
            .forEach(found -> names.put(found.group(), ""));
      }
    }

    assertThat(names).hasSizeGreaterThan(8);
    assertThat(UnknownSettings.warnings(names)).isEmpty();
  }

  @Test
  void theTemplatesOfTheChartUseTheValuesThatItHas() throws IOException {
    var chart = DEPLOY.resolve("helm/threadmill");
    var values = documents(chart.resolve("values.yaml")).getFirst();
    var used = new TreeSet<String>();
    try (var files = Files.list(chart.resolve("templates"))) {
      for (var file : files.toList()) {
        VALUE.matcher(Files.readString(file)).results().forEach(found -> used.add(found.group(1)));
      }
    }

    assertThat(used)
        .allSatisfy(
            name ->
                assertThat(values.at("/" + name.replace('.', '/')).isMissingNode())
                    .as(name)
                    .isFalse());
    values
        .properties()
        .forEach(
            value ->
                assertThat(used)
                    .as("templates that use " + value.getKey())
                    .anyMatch(
                        name ->
                            name.equals(value.getKey()) || name.startsWith(value.getKey() + ".")));
  }

  private static List<JsonNode> documents(Path file) throws IOException {
    var options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    var documents = new ArrayList<JsonNode>();
    for (Object document : new Yaml(new SafeConstructor(options)).loadAll(Files.readString(file))) {
      documents.add(new ObjectMapper().valueToTree((Map<?, ?>) document));
    }
    return documents;
  }
}
