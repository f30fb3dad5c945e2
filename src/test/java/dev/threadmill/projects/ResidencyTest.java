package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@QuarkusTestResource(value = RegionsResource.class, restrictToAnnotatedClass = true)
class ResidencyTest {
  private static final String CHAT =
      "{\"model\": \"%s\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";

  private final ApiClient admin = ApiClient.admin();
  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @Test
  void aRequestMustNameTheRegionOfItsProject() {
    var european = keyOf(project("\"region\": \"EU\""));

    assertThat(european.with("OpenAI-Data-Region", "eu").get("/v1/assistants").status())
        .isEqualTo(200);
    assertThat(european.get("/v1/assistants").status()).isEqualTo(200);
    var other = european.with("OpenAI-Data-Region", "us").get("/v1/assistants");
    assertThat(other.status()).isEqualTo(400);
    assertThat(other.json().at("/error/code").asText()).isEqualTo("data_residency_mismatch");
    assertThat(other.json().at("/error/param").asText()).isEqualTo("OpenAI-Data-Region");
    assertThat(other.json().at("/error/message").asText()).contains("'eu'");
  }

  @Test
  void aProjectWithoutARegionAnswersNoRequestThatNamesOne() {
    var answer = user.with("OpenAI-Data-Region", "eu").get("/v1/assistants");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asText()).contains("An admin sets it");
  }

  @Test
  void aModelOfAnotherRegionIsRefusedAtEveryDoorAndIsNotCalled() {
    var european = keyOf(project("\"region\": \"eu\""));
    assertRefused(european.post("/v1/chat/completions", CHAT.formatted("american")));
    assertRefused(
        european.post("/v1/embeddings", "{\"model\": \"american\", \"input\": \"Hello\"}"));
    assertRefused(
        european.post(
            "/v1/responses", "{\"model\": \"american\", \"input\": \"Hello\", \"stream\": false}"));
    var thread = european.post("/v1/threads", "{}").id();
    var assistant = european.post("/v1/assistants", "{\"model\": \"american\"}").id();
    assertRefused(
        european.post(
            "/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant)));

    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void modelsOfTheRegionAndModelsOfUnknownRegionsAreCalled() {
    var european = keyOf(project("\"region\": \"eu\""));
    for (var model : new String[] {"european", "gpt-4o"}) {
      provider.reply(Reply.text("Hello!"));

      assertThat(european.post("/v1/chat/completions", CHAT.formatted(model)).status())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource({"eu, european, false", "us, american, true"})
  void aToolReachesHostsOfTheRegionOnly(String region, String model, boolean isReached) {
    var runs = new ToolRuns(keyOf(project("\"region\": \"%s\"".formatted(region))));
    try (var receiver = RecordingServer.start()) {
      receiver.on("/hook", RecordingServer.json(200, "{}"));
      provider.reply(Reply.call("hook", "{}"), Reply.text("Done."));
      var assistant =
          runs.assistant(
              model,
              "",
              """
              {"type": "webhook", "webhook": {"name": "hook", "endpoint": "%s",
               "parameters": {"type": "object"}}}"""
                  .formatted(receiver.url("/hook")));

      var run = runs.run(assistant, "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(receiver.calls()).as(run.calls().toString()).hasSize(isReached ? 1 : 0);
      if (!isReached) {
        assertThat(run.output(0)).contains("not_allowed", "'us'", "'eu'");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"eu, european, false", "us, american, true"})
  void filesOfAResponseAreDownloadedAndWebhooksAreSentWithinTheRegionOnly(
      String region, String model, boolean isReached) {
    var api = keyOf(project("\"region\": \"%s\"".formatted(region)));
    try (var receiver = RecordingServer.start()) {
      receiver.on("/text", RecordingServer.json(200, "{}"));
      receiver.on("/hook", RecordingServer.json(200, "{}"));
      provider.otherwise(_ -> Reply.text("Done."));

      api.post(
          "/v1/responses",
          """
          {"model": "%s", "input": [{"role": "user", "content": [
            {"type": "input_file", "file_url": "%s"},
            {"type": "input_text", "text": "Read it"}]}]}"""
              .formatted(model, receiver.url("/text")));
      var endpoint =
          api.post(
              "/v1/webhook_endpoints",
              "{\"name\": \"hook\", \"url\": \"%s\", \"event_types\": [\"run.completed\"]}"
                  .formatted(receiver.url("/hook")));
      assertThat(endpoint.status()).as(endpoint.text()).isEqualTo(200);
      api.post(
          "/v1/webhook_endpoints/" + endpoint.id() + "/test",
          "{\"event_type\": \"run.completed\"}");

      assertThat(receiver.calls().stream().map(RecordingServer.ReceivedRequest::path))
          .containsExactlyElementsOf(isReached ? List.of("/text", "/hook") : List.of());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'\"region\": \"e u\"', region",
    "'\"region\": \"\"', region",
    "'\"region\": \"eu/../us\"', region",
    "'\"strict_region\": true', strict_region",
    // This server has no THREADMILL_REGION.
    "'\"region\": \"eu\", \"strict_region\": true', strict_region",
    "'\"private_path\": \"a/b\"', private_path",
    "'\"private_path\": \"\"', private_path",
    "'\"private_path\": \"proj_default\"', private_path",
  })
  void whatCannotBeKeptIsRefused(String fields, String param) {
    var answer = admin.post("/v1/projects", "{\"name\": \"p\", %s}".formatted(fields));

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").asText()).isEqualTo(param);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1", "/v2", "/v26"})
  void aPrivatePathAnswersToTheKeysOfItsProjectAlone(String version) {
    var name = "path" + System.nanoTime();
    var project = project("\"private_path\": \"%s\"".formatted(name));
    var own = keyOf(project);

    for (var path : new String[] {name, project}) {
      var assistants = version + "/private/" + path + "/assistants";
      assertThat(own.get(assistants).status()).isEqualTo(200);
      assertThat(user.get(assistants).status()).isEqualTo(404);
      assertThat(admin.get(assistants).status()).isEqualTo(404);
      assertThat(ApiClient.withKey("wrong").get(assistants).status()).isEqualTo(401);
    }
    var taken =
        admin.post("/v1/projects", "{\"name\": \"p\", \"private_path\": \"%s\"}".formatted(name));
    assertThat(taken.status()).isEqualTo(400);
    assertThat(admin.post("/v1/projects/" + project, "{\"private_path\": null}").status())
        .isEqualTo(200);
    assertThat(user.get(version + "/private/" + name + "/assistants").status()).isEqualTo(200);
  }

  private static void assertRefused(ApiClient.Response answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/code").asText()).isEqualTo("data_residency_mismatch");
    assertThat(answer.json().at("/error/message").asText()).contains("'us'", "'eu'");
  }

  private String project(String fields) {
    var created = admin.post("/v1/projects", "{\"name\": \"p\", %s}".formatted(fields));
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.id();
  }

  private ApiClient keyOf(String project) {
    return ApiClient.withKey(
        admin
            .post("/v1/projects/" + project + "/api_keys", "{\"name\": \"k\"}")
            .json()
            .path("value")
            .asText());
  }
}
