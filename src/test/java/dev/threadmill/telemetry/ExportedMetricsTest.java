package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ScriptedMcpServer;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What dashboard and alert rules ask for is what a server exports after some traffic. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ExportedMetricsTest {
  private static final Pattern SAMPLE =
      Pattern.compile("(?m)^([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern GROUPED = Pattern.compile("\\b(?:by|without)\\s*\\(([^)]*)\\)");
  private static final Pattern SELECTED = Pattern.compile("([a-zA-Z_:][\\w:]*)\\{([^}]*)}");
  private static final Pattern IDENTIFIER = Pattern.compile("\\b([a-zA-Z_:][\\w:]*)\\b(?!\\s*\\()");
  private static final Pattern SHOWN = Pattern.compile("\\{\\{\\s*(?:\\$labels\\.)?(\\w+)\\s*}}");

  /** Words of the query language, and labels that Prometheus adds. */
  private static final Set<String> KEYWORDS = Set.of("or", "and", "unless", "le");

  private static final Set<String> OF_PROMETHEUS = Set.of("instance", "job");

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);

  @Inject OutboxDelivery outbox;
  @Inject RunMetricsSink runMetrics;
  @Inject SampledGauges gauges;

  FakeProvider provider;

  /** A query, and the labels that its legend or text shows. */
  private record Query(String expression, Set<String> shown) {
    /** Each metric of the query, with the labels that it needs. */
    Map<String, Set<String>> needs() {
      var grouped = new HashSet<String>();
      var groups = GROUPED.matcher(expression);
      while (groups.find()) {
        for (var label : groups.group(1).split(",")) {
          grouped.add(label.strip());
        }
      }
      var rest = groups.replaceAll(" ");
      var needs = new HashMap<String, Set<String>>();
      var selected = SELECTED.matcher(rest);
      while (selected.find()) {
        var labels = new HashSet<>(grouped);
        for (var condition : selected.group(2).split(",")) {
          labels.add(condition.split("[=!~]", 2)[0].strip());
        }
        needs.put(selected.group(1), labels);
      }
      var names =
          IDENTIFIER.matcher(selected.replaceAll("$1").replaceAll("\\[[^]]*]|\"[^\"]*\"", " "));
      while (names.find()) {
        if (!KEYWORDS.contains(names.group(1))) {
          needs.putIfAbsent(names.group(1), grouped);
        }
      }
      return needs;
    }
  }

  @Test
  void everyMetricAndLabelOfTheDashboardAndTheAlertsIsExported() throws Exception {
    // Given
    outbox.register(runMetrics);
    traffic();
    outbox.deliver(runMetrics);
    gauges.read();

    // When
    var exported = exported();
    var queries = new ArrayList<>(dashboard());
    queries.addAll(alerts());
    queries.addAll(scaledOn());

    // Then
    assertThat(queries).hasSizeGreaterThan(40);
    var missing = new TreeSet<String>();
    for (var query : queries) {
      query
          .needs()
          .forEach(
              (metric, labels) -> {
                var has = exported.get(metric);
                if (has == null) {
                  missing.add(metric);
                } else {
                  var all = new HashSet<>(labels);
                  all.addAll(query.shown());
                  all.removeAll(OF_PROMETHEUS);
                  all.removeAll(has);
                  all.forEach(label -> missing.add(metric + "{" + label + "}"));
                }
              });
    }
    assertThat(missing).as("asked for and not exported").isEmpty();
  }

  /** The metrics on which the number of nodes depends, in the manifests and in the chart. */
  private static List<Query> scaledOn() throws IOException {
    var metric = Pattern.compile("metric: \\{name: (\\w+)}");
    var queries = new ArrayList<Query>();
    try (var files = Files.walk(Path.of("deploy"))) {
      for (var file : files.filter(each -> each.toString().endsWith("autoscaling.yaml")).toList()) {
        metric
            .matcher(Files.readString(file))
            .results()
            .forEach(found -> queries.add(new Query(found.group(1), Set.of())));
      }
    }
    assertThat(queries).hasSize(2);
    return queries;
  }

  @Test
  void metricsOfModelsHaveThePrescribedBucketsAndMadeUpNamesAreNoLabels() throws Exception {
    // When
    traffic();
    var failed = runs.assistant("made-up-model-of-a-caller", "");
    provider.reply(Reply.error(404, "model_not_found", "No such model."));
    runs.run(failed, "Hello");

    // Then
    var text = ApiClient.anonymous().get("/q/metrics").text();
    assertThat(bounds(text, "gen_ai_client_token_usage_bucket"))
        .containsExactlyInAnyOrder(
            "1.0",
            "4.0",
            "16.0",
            "64.0",
            "256.0",
            "1024.0",
            "4096.0",
            "16384.0",
            "65536.0",
            "262144.0",
            "1048576.0",
            "4194304.0",
            "1.6777216E7",
            "6.7108864E7",
            "+Inf");
    for (var metric :
        List.of(
            "gen_ai_client_operation_duration_seconds_bucket",
            "gen_ai_client_operation_time_to_first_chunk_seconds_bucket",
            "gen_ai_client_operation_time_per_output_chunk_seconds_bucket")) {
      assertThat(bounds(text, metric))
          .as(metric)
          .containsExactlyInAnyOrder(
              "0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64", "1.28", "2.56", "5.12",
              "10.24", "20.48", "40.96", "81.92", "+Inf");
    }
    assertThat(text)
        .contains("gen_ai_request_model=\"gpt-4o\"")
        .doesNotContain("made-up-model-of-a-caller");
  }

  @Test
  void aGaugeIsReadWhenItIsScraped() {
    await()
        .untilAsserted(
            () ->
                assertThat(ApiClient.anonymous().get("/q/metrics").text())
                    .containsPattern("(?m)^threadmill_runs_queue_age_seconds [0-9.E-]+$"));
  }

  private void traffic() {
    provider.reset();
    try (var server = new ScriptedMcpServer()) {
      var assistant =
          runs.assistant(
              "gpt-4o",
              "",
              """
              {"type": "mcp", "mcp": {"server_label": "docs", "server_url": "%s",
                "require_approval": "never"}}"""
                  .formatted(server.url()));
      provider.reply(
          Reply.calls(new Reply.Call("a", "docs_echo", "{}")), Reply.text("It says hello to you."));
      assertThat(runs.run(assistant, "Echo").status()).isEqualTo("completed");
    }
  }

  /** The labels of each exported metric, over all its series. */
  private static Map<String, Set<String>> exported() {
    var exported = new HashMap<String, Set<String>>();
    var samples = SAMPLE.matcher(ApiClient.anonymous().get("/q/metrics").text());
    while (samples.find()) {
      var labels = exported.computeIfAbsent(samples.group(1), _ -> new HashSet<>());
      if (samples.group(2) != null) {
        LABEL.matcher(samples.group(2)).results().forEach(label -> labels.add(label.group(1)));
      }
    }
    return exported;
  }

  private static Set<String> bounds(String text, String metric) {
    var bounds = new TreeSet<String>();
    var samples = SAMPLE.matcher(text);
    while (samples.find()) {
      if (samples.group(1).equals(metric)) {
        LABEL
            .matcher(samples.group(2))
            .results()
            .filter(label -> label.group(1).equals("le"))
            .forEach(label -> bounds.add(label.group(2)));
      }
    }
    return bounds;
  }

  private static List<Query> dashboard() throws IOException {
    var queries = new ArrayList<Query>();
    var json = new ObjectMapper().readTree(Path.of("deploy/dashboards/threadmill.json").toFile());
    for (var panel : json.path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        var legend = target.path("legendFormat").asText();
        queries.add(new Query(target.path("expr").asText(), shown(legend)));
      }
    }
    return queries;
  }

  @SuppressWarnings("unchecked")
  private static List<Query> alerts() throws IOException {
    var queries = new ArrayList<Query>();
    var yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    Map<String, Object> file =
        yaml.load(Files.readString(Path.of("deploy/prometheus/alerts.yaml")));
    for (var group : (List<Map<String, Object>>) file.get("groups")) {
      for (var rule : (List<Map<String, Object>>) group.get("rules")) {
        queries.add(
            new Query((String) rule.get("expr"), shown(rule.get("annotations").toString())));
      }
    }
    return queries;
  }

  private static Set<String> shown(String text) {
    var shown = new HashSet<String>();
    SHOWN.matcher(text).results().forEach(label -> shown.add(label.group(1)));
    return shown;
  }
}
