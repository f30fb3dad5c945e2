package dev.threadmill.lab.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for imports and exports, at the server under test. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class TransferTest {
  @TempDir Path folder;

  private record Output(int exit, String out, String err) {}

  private static Output run(String key, String... args) throws InterruptedException {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exit =
        Transfer.run(
            List.of(args),
            Map.of("THREADMILL_URL", ApiClient.base(), "THREADMILL_API_KEY", key),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Output(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aProjectIsExportedToAFileAndImportedFromAFolder() throws Exception {
    var from = ApiClient.strangersKey();
    ApiClient.withKey(from)
        .post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}");
    var file = folder.resolve("export.jsonl");

    var exported = run(from, "export", file.toString());

    assertThat(exported.exit()).as(exported.err()).isZero();
    assertThat(exported.out()).contains("\"thread.message\":1");
    assertThat(Files.readAllLines(file)).hasSize(3);
    var to = ApiClient.strangersKey();
    var imported = run(to, "import", folder.toString());
    assertThat(imported.exit()).as(imported.out() + imported.err()).isZero();
    assertThat(imported.out()).contains("Uploading").contains("\"message\":{\"created\":1");
    assertThat(ApiClient.withKey(to).get("/v1/threads").json().path("data")).hasSize(1);
  }

  @Test
  void whatIsNotTakenIsShownAndIsTheExitCode() throws Exception {
    var file = Files.writeString(folder.resolve("a.jsonl"), "{\"object\": \"poem\"}\n");

    var imported = run(ApiClient.strangersKey(), "import", file.toString());

    assertThat(imported.exit()).isEqualTo(1);
    assertThat(imported.out()).contains("poem");
  }

  @Test
  void aWrongKeyAndAMissingFileAreSaidInALine() throws Exception {
    assertThat(run("sk-wrong", "export", folder.resolve("x").toString()).err()).contains("401");
    assertThat(folder.resolve("x")).doesNotExist();
    assertThat(run(ApiClient.strangersKey(), "import", folder.resolve("y").toString()).err())
        .contains("no file or folder");
    assertThat(run(ApiClient.strangersKey(), "import").err()).contains("import FILE");
  }
}
