package dev.threadmill.lab.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.RecordingServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditCommandTest {
  private static final Map<String, String> KEY = Map.of("THREADMILL_ADMIN_KEY", "sk-admin");

  @TempDir Path folder;

  private final RecordingServer server = RecordingServer.start();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AuditCommand command = new AuditCommand(new PrintStream(out), new PrintStream(err));

  @AfterEach
  void stop() {
    server.close();
  }

  private void answer(String chains) {
    server.on(
        "/v1/audit_logs/verification",
        RecordingServer.json(
            200, "{\"object\": \"audit_log.verification\", \"chains\": [" + chains + "]}"));
  }

  private static String chain(String project, long last, String fault) {
    return "{\"project\": %s, \"valid\": %s, \"entries\": 2, \"last_seq\": %d, \"last_hash\": \"ab\", \"fault\": %s}"
        .formatted(project, fault == null, last, fault == null ? null : '"' + fault + '"');
  }

  @Test
  void wholeChainsAreListedWithTheirEnds() throws InterruptedException {
    answer(chain("null", 4, null) + "," + chain("\"proj_1\"", 7, null));

    int code = command.run(KEY, "verify", server.url(""));

    assertThat(code).as(err.toString()).isZero();
    assertThat(out.toString().lines()).containsExactly("whole - 4 ab", "whole proj_1 7 ab");
    assertThat(server.calls().getFirst().header("authorization")).isEqualTo("Bearer sk-admin");
  }

  @Test
  void theFirstGapIsSaid() throws InterruptedException {
    answer(chain("\"proj_1\"", 7, "The entries from 3 to 4 are missing."));

    assertThat(command.run(KEY, "verify", server.url(""))).isEqualTo(1);
    assertThat(out.toString()).contains("BROKEN proj_1", "The entries from 3 to 4 are missing.");
  }

  @Test
  void chainsThatAreShorterThanTheyWereOrGoneAreBroken() throws Exception {
    var earlier = folder.resolve("earlier");
    Files.writeString(earlier, "whole - 4 ab\nwhole proj_1 7 cd\nwhole proj_2 1 ef\n");
    answer(chain("null", 5, null) + "," + chain("\"proj_1\"", 6, null));

    assertThat(command.run(KEY, "verify", server.url(""), "--since", earlier.toString()))
        .isEqualTo(1);
    assertThat(out.toString().lines())
        .containsExactly(
            "whole - 5 ab",
            "BROKEN proj_1 6 ab It had 7 entries, and has 6 now.",
            "BROKEN proj_2 0 - The chain is gone.");
  }

  @Test
  void withoutAKeyOrAServerTheLogIsNotCalledWhole() throws InterruptedException {
    assertThat(command.run(Map.of(), "verify")).isEqualTo(2);
    assertThat(command.run(KEY, "verify", server.url(""))).isEqualTo(2);
    assertThat(command.run(KEY)).isEqualTo(2);
    assertThat(err.toString()).contains("THREADMILL_ADMIN_KEY", "status 404", "Usage");
  }
}
