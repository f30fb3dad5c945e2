package dev.threadmill.vectorstores.ingestion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.FileId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.files.chunks.ChunkingStrategy;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.vectorstores.IngestionSignal;
import dev.threadmill.vectorstores.StoreTenant;
import dev.threadmill.vectorstores.ingestion.IngestionQueue.ClaimedFile;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files whose node has stopped, and nodes that have lost their files. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class LostFilesTest {
  private static final String TEXT =
      "The supplier may terminate the contract with a notice of ninety days. ".repeat(200);

  @Inject Files files;
  @Inject Jdbc jdbc;
  @Inject IngestFile ingestFile;
  @Inject IngestionSignal signal;

  private StoreTenant tenant;
  private String file;
  private String store;

  @BeforeEach
  void indexAFileOfSeveralChunks() {
    tenant = StoreTenant.create(files);
    file = tenant.upload("contract.txt", TEXT + tenant.project());
    store = tenant.store(file);
    assertThat(parts()).hasSizeGreaterThan(1);
  }

  private List<Integer> parts() {
    return jdbc.list(
        "SELECT part FROM vector_store_index WHERE store_id = ? ORDER BY part",
        row -> row.integer("part"),
        store);
  }

  /** As a node leaves it that stops when the first chunk is indexed. */
  private void interrupt(String due) {
    jdbc.update("DELETE FROM vector_store_index WHERE store_id = ? AND part > 0", store);
    jdbc.update(
        """
        UPDATE vector_store_files SET status = 'in_progress', leased = true, attempts = 1,
          claim = claim + 1, due = clock_timestamp() + ?::interval
        WHERE store_id = ?
        """,
        due,
        store);
  }

  @Test
  void aFileWhoseLeaseHasEndedIsContinuedWhereItsNodeStopped() {
    var all = parts();
    interrupt("-1 second");

    signal.send();

    assertThat(tenant.awaitSettled(store).at("/file_counts/completed").asInt()).isEqualTo(1);
    assertThat(parts()).isEqualTo(all);
  }

  @Test
  void aNodeThatHasLostAFileWritesNothingMore() throws InterruptedException {
    interrupt("1 hour");

    ingestFile.ingest(
        jdbc.one(
                """
                SELECT content, claim - 1 AS claim FROM vector_store_files WHERE store_id = ?
                """,
                row ->
                    new ClaimedFile(
                        tenant.project(),
                        new VectorStoreId(store),
                        new FileId(file),
                        Instant.now(),
                        ChunkingStrategy.DEFAULT,
                        row.text("content"),
                        1,
                        row.integer("claim")),
                store)
            .orElseThrow());

    assertThat(parts()).containsExactly(0);
    assertThat(tenant.get("/v1/vector_stores/" + store + "/files/" + file).path("status").asText())
        .isEqualTo("in_progress");
  }
}
