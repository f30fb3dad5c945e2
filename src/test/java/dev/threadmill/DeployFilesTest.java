package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** No container engine is at hand, so this is as far as the files are checked. */
class DeployFilesTest {
  private static final Path DEPLOY = Path.of("deploy");

  @Test
  void everyYamlFileIsYamlWithoutKeysGivenTwice() throws IOException {
    var files = new ArrayList<Path>();
    try (var all = Files.walk(DEPLOY)) {
      all.filter(file -> file.toString().endsWith(".yaml")).forEach(files::add);
    }
    assertThat(files).hasSizeGreaterThanOrEqualTo(2);
    for (var file : files) {
      assertThat(documents(file)).as(file.toString()).isNotEmpty();
    }
  }

  @Test
  void everyKubernetesObjectSaysWhatItIsAndTheGraceOutlastsTheDrain() throws IOException {
    JsonNode deployment = null;
    for (var object : documents(DEPLOY.resolve("kubernetes/threadmill.yaml"))) {
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
