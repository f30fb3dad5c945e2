package dev.threadmill.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that are sent in parts. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class UploadsTest {
  private static final String MD5_OF_HELLO = "5d41402abc4b2a76b9719d911017c592";

  private ApiClient user;
  @Inject SettableClock clock;
  @Inject FileCleanup cleanup;
  @Inject Jdbc jdbc;

  @BeforeEach
  void useAProjectOfItsOwn() {
    user = ApiClient.stranger();
  }

  @AfterEach
  void resetTheClock() {
    clock.reset();
  }

  private String begin(long bytes) {
    var created =
        user.post(
            "/v1/uploads",
            """
            {"filename": "../hello.txt", "purpose": "assistants", "bytes": %d,
             "mime_type": "text/plain"}"""
                .formatted(bytes));
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.id();
  }

  private ApiClient.Response add(String upload, String content) {
    return new FormBody()
        .file("data", "blob", content)
        .post(user, "/v1/uploads/" + upload + "/parts");
  }

  private ApiClient.Response complete(String upload, String body) {
    return user.post("/v1/uploads/" + upload + "/complete", body);
  }

  private int blobs() {
    cleanup.cleanUp();
    return jdbc.one(
            "SELECT count(*) AS blobs FROM file_blobs b JOIN upload_parts p ON p.blob = b.key",
            row -> row.integer("blobs"))
        .orElseThrow();
  }

  @Test
  void partsBecomeAFileInTheOrderThatIsNamed() {
    var upload = begin(5);
    var last = add(upload, "lo");
    var first = add(upload, "hel");
    assertThat(first.json().path("object").asText()).isEqualTo("upload.part");
    assertThat(first.json().path("upload_id").asText()).isEqualTo(upload);

    var body =
        "{\"part_ids\": [\"%s\", \"%s\"], \"md5\": \"%s\"}"
            .formatted(first.id(), last.id(), MD5_OF_HELLO);
    var completed = complete(upload, body);

    assertThat(completed.status()).as(completed.text()).isEqualTo(200);
    assertThat(completed.json().path("status").asText()).isEqualTo("completed");
    var file = completed.json().path("file");
    assertThat(file.path("filename").asText()).isEqualTo("hello.txt");
    assertThat(user.get("/v1/files/" + file.path("id").asText() + "/content").text())
        .isEqualTo("hello");
    assertThat(complete(upload, body).json()).isEqualTo(completed.json());
    assertThat(add(upload, "more").status()).isEqualTo(400);
    assertThat(user.post("/v1/uploads/" + upload + "/cancel", null).status()).isEqualTo(400);
    assertThat(user.get("/v1/files").json().path("data")).hasSize(1);
  }

  @Test
  void twoRequestsThatCompleteAnUploadAtOnceAreAnsweredAlike() {
    for (int round = 0; round < 4; round++) {
      var upload = begin(5);
      var body = "{\"part_ids\": [\"%s\"]}".formatted(add(upload, "hello").id());

      var answers =
          IntStream.range(0, 3)
              .mapToObj(_ -> CompletableFuture.supplyAsync(() -> complete(upload, body)))
              .toList()
              .stream()
              .map(CompletableFuture::join)
              .toList();

      assertThat(answers).allMatch(answer -> answer.status() == 200, answers.toString());
      assertThat(answers.stream().map(answer -> answer.json().at("/file/id").asText()).distinct())
          .hasSize(1);
      assertThat(user.get("/v1/files").json().path("data")).hasSize(round + 1);
    }
  }

  @Test
  void whatIsNotTheWholeFileIsRefused() {
    var upload = begin(5);
    var part = add(upload, "hello").id();
    var other = add(upload, "x").id();

    assertThat(
            complete(upload, "{\"part_ids\": [\"%s\"]}".formatted(other))
                .error()
                .path("param")
                .asText())
        .isEqualTo("part_ids");
    assertThat(complete(upload, "{\"part_ids\": [\"part_none\"]}").error().path("param").asText())
        .isEqualTo("part_ids[0]");
    assertThat(
            complete(upload, "{\"part_ids\": [\"%s\", \"%s\"]}".formatted(part, part))
                .error()
                .path("param")
                .asText())
        .isEqualTo("part_ids[1]");
    var wrong = "{\"part_ids\": [\"%s\"], \"md5\": \"%s\"}".formatted(part, "0".repeat(32));
    assertThat(complete(upload, wrong).error().path("param").asText()).isEqualTo("md5");
    assertThat(user.get("/v1/files").json().path("data")).isEmpty();
    assertThat(complete(upload, "{\"part_ids\": [\"%s\"]}".formatted(part)).status())
        .isEqualTo(200);
  }

  @Test
  void aCancelledUploadTakesNothingAndKeepsNothing() {
    var upload = begin(5);
    var part = add(upload, "hello").id();

    var cancelled = user.post("/v1/uploads/" + upload + "/cancel", null);

    assertThat(cancelled.json().path("status").asText()).isEqualTo("cancelled");
    assertThat(user.post("/v1/uploads/" + upload + "/cancel", null).json())
        .isEqualTo(cancelled.json());
    assertThat(add(upload, "more").status()).isEqualTo(400);
    assertThat(complete(upload, "{\"part_ids\": [\"%s\"]}".formatted(part)).status())
        .isEqualTo(400);
    assertThat(blobs()).isZero();
  }

  @Test
  void anUploadExpiresAfterAnHour() {
    var upload = begin(5);
    var part = add(upload, "hello").id();

    clock.advance(Duration.ofMinutes(61));
    var late = complete(upload, "{\"part_ids\": [\"%s\"]}".formatted(part));

    assertThat(late.status()).isEqualTo(400);
    assertThat(late.error().path("message").asText()).contains("expired");
    assertThat(blobs()).isZero();
  }

  @Test
  void anUploadOfAnotherProjectIsNotFound() {
    var upload = begin(5);
    var stranger = ApiClient.user();

    assertThat(stranger.post("/v1/uploads/" + upload + "/cancel", null).status()).isEqualTo(404);
    assertThat(
            new FormBody()
                .file("data", "blob", "x")
                .post(stranger, "/v1/uploads/" + upload + "/parts")
                .status())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                                                                       | filename",
        "{\"filename\": \"a\", \"purpose\": \"assistants\", \"bytes\": 1}                         | mime_type",
        "{\"filename\": \"a\", \"purpose\": \"x\", \"bytes\": 1, \"mime_type\": \"a/b\"}          | purpose",
        "{\"filename\": \"a\", \"purpose\": \"batch\", \"bytes\": -1, \"mime_type\": \"a/b\"}     | bytes",
        "{\"filename\": \"a\", \"purpose\": \"batch\", \"bytes\": 8589934593, \"mime_type\": \"a/b\"} | bytes",
        "{\"filename\": \"a\", \"purpose\": \"batch\", \"bytes\": 1, \"mime_type\": \"a/b\", \"expires_after\": {}} | expires_after.anchor",
      })
  void invalidFieldsAreNamed(String body, String param) {
    var refused = user.post("/v1/uploads", body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
  }
}
