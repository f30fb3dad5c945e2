package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The manifests and the rendered chart, held against the schemas of Kubernetes. */
class KubernetesSchemasTest {
  private static final Path CHART = Path.of("deploy/helm/threadmill").toAbsolutePath();
  private static final Path RENDERER = Path.of("src/test/resources/chart").toAbsolutePath();
  private static final List<String> VERSIONS = List.of("1.30", "1.37");
  private static final Duration LIMIT = Duration.ofMinutes(3);

  @TempDir Path folder;

  private void requireValid(List<Path> files) {
    var packages = PythonPackages.installed("kubernetes-validate==1.37.0");
    for (var version : VERSIONS) {
      var words =
          new ArrayList<>(
              List.of("python3", "-m", "kubernetes_validate", "--strict", "-k", version));
      files.forEach(file -> words.add(file.toAbsolutePath().toString()));
      var outcome =
          Command.in(folder, words.toArray(String[]::new))
              .with(Map.of("PYTHONPATH", packages.toString()))
              .run(LIMIT);
      assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
      assertThat(outcome.output()).doesNotContain("ERROR").doesNotContain("WARN");
    }
  }

  @Test
  void theManifestsAreValid() throws IOException {
    try (var files = Files.list(Path.of("deploy/kubernetes"))) {
      requireValid(files.sorted().toList());
    }
  }

  @Test
  void whatTheChartRendersIsValidWithItsValuesAndWithOthers() throws IOException {
    var plain = rendered("plain.yaml");
    var other =
        rendered(
            "other.yaml",
            "autoscaling.enabled=true",
            "home.enabled=false",
            "networkPolicy.enabled=false",
            "image.tag=1.2.3",
            "nodeSelector={kind: large}",
            "tolerations=[{key: large, operator: Exists}]");

    assertThat(Files.readString(plain))
        .contains(
            "kind: NetworkPolicy", "kind: PersistentVolumeClaim", "image: \"threadmill:0.1.0\"")
        .doesNotContain("kind: HorizontalPodAutoscaler");
    assertThat(Files.readString(other))
        .contains("kind: HorizontalPodAutoscaler", "image: \"threadmill:1.2.3\"")
        .doesNotContain("kind: PersistentVolumeClaim", "kind: NetworkPolicy", "  replicas:");
    requireValid(List.of(plain, other));
  }

  private Path rendered(String name, String... values) throws IOException {
    Toolchain.require("The chart", "go");
    var program =
        Toolchain.installed(
            "The renderer of charts",
            "chart",
            Files.readString(RENDERER.resolve("main.go"))
                + Files.readString(RENDERER.resolve("go.sum")),
            target ->
                Command.in(
                    RENDERER, "go", "build", "-o", target.resolve("render").toString(), "."));
    var words = new ArrayList<>(List.of(program.resolve("render").toString(), CHART.toString()));
    words.addAll(List.of(values));
    var outcome = Command.in(folder, words.toArray(String[]::new)).run(LIMIT);
    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    return Files.writeString(folder.resolve(name), outcome.output());
  }
}
