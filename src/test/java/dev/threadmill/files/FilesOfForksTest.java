package dev.threadmill.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

/** How long files live that came in messages of threads with forks. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class FilesOfForksTest {
  /** Its file is a file of the thread. */
  private static final String MESSAGE =
      """
      {"role": "user", "content": [
        {"type": "input_file", "filename": "a.txt", "file_data": "dGV4dA=="}]}""";

  private final ApiClient user = ApiClient.user();

  @Test
  void aFileOfAThreadIsDeletedWithTheLastOfTheThreadAndItsForks() {
    var thread = user.post("/v1/threads", "{\"messages\": [%s]}".formatted(MESSAGE)).id();
    var first = user.post("/v1/threads/" + thread + "/fork", null).id();
    var second = user.post("/v1/threads/" + thread + "/fork", null).id();
    var later = user.post("/v1/threads/" + thread + "/messages", MESSAGE);
    var laterFile = later.json().at("/content/0/file_id").asText();
    var file =
        user.get("/v1/threads/" + first + "/messages").json().at("/data/0/content/0/file_id");

    user.delete("/v1/threads/" + thread);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    assertThat(user.get("/v1/files/" + laterFile).status()).isEqualTo(404);
    user.delete("/v1/threads/" + second);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    user.delete("/v1/threads/" + first);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(404);
  }

  @Test
  void aForkOfAForkThatWasDeletedTakesOverTheFilesOfTheFirstThread() {
    var thread = user.post("/v1/threads", "{\"messages\": [%s]}".formatted(MESSAGE)).id();
    var file =
        user.get("/v1/threads/" + thread + "/messages").json().at("/data/0/content/0/file_id");
    var last = thread;
    for (int generation = 0; generation < 3; generation++) {
      var fork = user.post("/v1/threads/" + last + "/fork", null).id();
      if (!last.equals(thread)) {
        user.delete("/v1/threads/" + last);
      }
      last = fork;
    }
    var later =
        user.post("/v1/threads/" + thread + "/messages", MESSAGE).json().at("/content/0/file_id");

    user.delete("/v1/threads/" + thread);

    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    assertThat(user.get("/v1/files/" + later.asText()).status()).isEqualTo(404);
    user.delete("/v1/threads/" + last);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(404);
  }

  @Test
  void aSiblingDoesNotTakeOverWhatWasMadeInAForkAfterIt() {
    var original = user.post("/v1/threads", "{}").id();
    var first = user.post("/v1/threads/" + original + "/fork", null).id();
    var ofFirst =
        user.post("/v1/threads/" + first + "/messages", MESSAGE).json().at("/content/0/file_id");
    var child = user.post("/v1/threads/" + first + "/fork", null).id();
    var later =
        user.post("/v1/threads/" + first + "/messages", MESSAGE).json().at("/content/0/file_id");
    // Newer than all files, and related to none of them.
    var sibling = user.post("/v1/threads/" + original + "/fork", null).id();

    user.delete("/v1/threads/" + first);
    assertThat(user.get("/v1/files/" + later.asText()).status()).isEqualTo(404);
    assertThat(user.get("/v1/files/" + ofFirst.asText()).status()).isEqualTo(200);
    user.delete("/v1/threads/" + child);
    assertThat(user.get("/v1/files/" + ofFirst.asText()).status()).isEqualTo(404);

    var ofSibling =
        user.post("/v1/threads/" + sibling + "/messages", MESSAGE).json().at("/content/0/file_id");
    user.post("/v1/threads/" + original + "/fork", null);
    user.delete("/v1/threads/" + sibling);
    assertThat(user.get("/v1/files/" + ofSibling.asText()).status()).isEqualTo(404);
  }
}
