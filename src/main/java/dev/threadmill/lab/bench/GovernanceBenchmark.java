package dev.threadmill.lab.bench;

import static dev.threadmill.lab.bench.RunsBenchmark.progress;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;

/**
 * What limits, privacy and safety cost a run: the same load on two projects of one server, one with
 * all of them and one with none, alternately.
 */
record GovernanceBenchmark() implements Benchmark {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODEL = "mock-0";
  private static final double TARGET = 0.9;
  private static final BenchProfile PROFILE = BenchProfile.FULL;
  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  /** Budgets and rates that the load does not reach. */
  private static final String LIMITS =
      """
      {"requests_per_minute": 100000000, "tokens_per_minute": 1000000000, "alerts": [0.5, 0.9],
       "budgets": {"day": {"tokens": 900000000000, "tool_calls": 900000000, "seconds": 900000000}}}\
      """;

  private static final String BUDGETS =
      """
      {"tokens_per_minute": 1000000000, "budgets": {"total": {"tokens": 900000000000}}}\
      """;

  @Override
  public String name() {
    return "governance";
  }

  @Override
  public String summary() {
    return "runs with limits, strict privacy and strict safety beside runs without, in two minutes";
  }

  /** A project with an assistant. */
  private record Project(ServerProcess server, String key, String assistant) {
    ServerClient client() {
      return new ServerClient(server.api(), key, assistant);
    }
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    progress("starting the server");
    var server = environment.startServer(Map.of("THREADMILL_SECRET_KEY", SECRET));
    var off = project(server, false);
    var on = project(server, true);
    progress("warming up");
    load(off, PROFILE.warmUp.toMillis());
    load(on, PROFILE.warmUp.toMillis());
    progress("measuring");
    var without = new ArrayList<Load.Result<Sample>>();
    var with = new ArrayList<Load.Result<Sample>>();
    for (int round = 0; round < PROFILE.rounds; round++) {
      without.add(load(off, PROFILE.measureTime.toMillis()));
      with.add(load(on, PROFILE.measureTime.toMillis()));
    }
    double governed = Throughput.perSecond(with);
    double plain = Throughput.perSecond(without);
    report.row(
        "runs with limits, privacy and safety, %d clients".formatted(Throughput.CLIENTS),
        Report.Unit.PER_SECOND,
        governed,
        plain,
        Report.Relation.RATIO);
    report.row(
        "latency of these runs p50",
        Report.Unit.MILLIS,
        Throughput.latency(with, 0.5),
        Throughput.latency(without, 0.5),
        Report.Relation.RATIO);
    report.target(
        "at most 10 % fewer runs than without",
        "%.0f %%".formatted(100 * governed / plain), governed >= TARGET * plain);
  }

  private static Load.Result<Sample> load(Project project, long millis) throws Exception {
    return Load.closedLoop(
        Throughput.CLIENTS,
        Duration.ofMillis(millis),
        project::client,
        (client, since) -> client.run(MODEL, since));
  }

  private static Project project(ServerProcess server, boolean isGoverned) throws IOException {
    try (var admin = new HttpConnection(server.api(), "admin-" + server.key())) {
      var id = post(admin, "/projects", "{\"name\": \"bench\"}").path("id").asText();
      var path = "/projects/" + id;
      var created = post(admin, path + "/api_keys", "{}");
      var key = created.path("value").asText();
      if (!isGoverned) {
        return new Project(server, key, ServerClient.makeAssistant(server.api(), key));
      }
      post(admin, path, "{\"privacy\": {\"mode\": \"strict\", \"allowed_entities\": [\"email\"]}}");
      post(admin, path + "/limits", LIMITS);
      post(admin, path + "/api_keys/" + created.path("id").asText() + "/limits", BUDGETS);
      try (var project = new HttpConnection(server.api(), key)) {
        var assistant =
            post(
                    project,
                    "/assistants",
                    "{\"model\": \"%s\", \"safety\": {\"strict\": true, \"allowed_domains\": [\"example.com\"]}}"
                        .formatted(MODEL))
                .path("id")
                .asText();
        post(project, "/assistants/" + assistant + "/limits", BUDGETS);
        return new Project(server, key, assistant);
      }
    }
  }

  private static JsonNode post(HttpConnection connection, String path, String body)
      throws IOException {
    return JSON.readTree(connection.post(path, body.getBytes(StandardCharsets.UTF_8)));
  }
}
