package dev.threadmill.vectorstores.ingestion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.FileId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.files.chunks.ChunkingStrategy;
import dev.threadmill.files.extraction.TextExtraction;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.vectorstores.IngestionSignal;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.StoreTenant;
import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.VectorStoresConfig;
import dev.threadmill.vectorstores.ingestion.IngestionQueue.ClaimedFile;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
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
  @Inject VectorStoresConfig config;
  @Inject IngestionQueue queue;
  @Inject ContentTexts texts;
  @Inject IndexChunks index;
  @Inject TextExtraction extraction;
  @Inject StoreEmbeddings embeddings;
  @Inject VectorStores stores;

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

  /** The file as a node has claimed it, by the present claim or by an earlier one. */
  private ClaimedFile claimed(int claims, int attempts) {
    return jdbc.one(
            "SELECT id, content, claim FROM vector_store_files WHERE store_id = ?",
            row ->
                new ClaimedFile(
                    tenant.project(),
                    new VectorStoreId(store),
                    row.text("id", FileId::new),
                    Instant.now(),
                    ChunkingStrategy.DEFAULT,
                    row.text("content"),
                    attempts,
                    row.integer("claim") + claims),
            store)
        .orElseThrow();
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

    ingestFile.ingest(claimed(-1, 1));

    assertThat(parts()).containsExactly(0);
    assertThat(tenant.get("/v1/vector_stores/" + store + "/files/" + file).path("status").asText())
        .isEqualTo("in_progress");
  }

  @Test
  void aFileWhoseAttemptsNeverEndedIsGivenUp() throws InterruptedException {
    interrupt("1 hour");

    ingestFile.ingest(claimed(0, config.attempts() + 1));

    var failed = tenant.get("/v1/vector_stores/" + store + "/files/" + file);
    assertThat(failed.path("status").asText()).isEqualTo("failed");
    assertThat(failed.at("/last_error/code").asText()).isEqualTo("server_error");
    assertThat(failed.at("/last_error/message").asText()).contains("attempts");
    assertThat(parts()).isEmpty();
  }

  @Test
  void anErrorSuchAsAStackOverflowIsAFailedAttempt() throws InterruptedException {
    interrupt("1 hour");

    failing(new StackOverflowError()).ingest(claimed(0, config.attempts()));

    var failed = tenant.get("/v1/vector_stores/" + store + "/files/" + file);
    assertThat(failed.path("status").asText()).isEqualTo("failed");
    assertThat(failed.at("/last_error/code").asText()).isEqualTo("server_error");
  }

  /** Ingestion in which a step before the first new chunk fails. */
  private IngestFile failing(Throwable failure) {
    var failingConfig =
        (VectorStoresConfig)
            Proxy.newProxyInstance(
                VectorStoresConfig.class.getClassLoader(),
                new Class<?>[] {VectorStoresConfig.class},
                (_, method, args) -> {
                  if (method.getName().equals("chunksPerWrite")) {
                    throw failure;
                  }
                  return method.invoke(config, args);
                });
    return new IngestFile(
        jdbc, queue, texts, index, files, extraction, embeddings, failingConfig, signal);
  }

  @Test
  void aFileThatMeetsALimitOfItsProjectWaitsWithoutLosingAnAttempt() throws InterruptedException {
    interrupt("1 hour");
    jdbc.update(
        "UPDATE vector_store_files SET attempts = ? WHERE store_id = ?", config.attempts(), store);
    var limit = LimitReachedException.quota("The budget is used up.", Duration.ofHours(3));

    failing(limit).ingest(claimed(0, config.attempts()));

    assertThat(tenant.get("/v1/vector_stores/" + store + "/files/" + file).path("status").asText())
        .isEqualTo("in_progress");
    assertThat(
            jdbc.one(
                "SELECT attempts FROM vector_store_files WHERE store_id = ?"
                    + " AND due < clock_timestamp() + interval '6 minutes'",
                row -> row.integer("attempts"),
                store))
        .contains(config.attempts() - 1);

    jdbc.update(
        "UPDATE vector_store_files SET created_at = created_at - interval '2 days'"
            + " WHERE store_id = ?",
        store);
    failing(limit).ingest(claimed(0, config.attempts()));

    var failed = tenant.get("/v1/vector_stores/" + store + "/files/" + file);
    assertThat(failed.path("status").asText()).isEqualTo("failed");
    assertThat(failed.at("/last_error/message").asText()).contains("The budget is used up.");
  }

  @Test
  void aFileThatWasDeletedWhileItWasAddedFails() throws InterruptedException {
    interrupt("1 hour");
    var gone = tenant.upload("gone.txt", TEXT);
    files.delete(tenant.project(), new FileId(gone));
    jdbc.update("UPDATE vector_store_files SET id = ? WHERE store_id = ?", gone, store);

    ingestFile.ingest(claimed(0, 1));

    var failed = tenant.get("/v1/vector_stores/" + store + "/files/" + gone);
    assertThat(failed.path("status").asText()).isEqualTo("failed");
    assertThat(failed.at("/last_error/code").asText()).isEqualTo("invalid_file");
    assertThat(failed.at("/last_error/message").asText()).isEqualTo("The file was deleted.");
  }

  @Test
  void textsThatAreDeletedWhileAFileIsIndexedAreWrittenAgain() throws InterruptedException {
    var all = parts();
    interrupt("1 hour");
    var present = claimed(0, 1);
    var ingestion =
        jdbc.inTransaction(
            tx -> {
              tx.update("DELETE FROM vector_store_contents WHERE id = ?", present.content());
              tx.update("DELETE FROM vector_store_texts WHERE content = ?", present.content());
              var started = Thread.ofVirtual().start(() -> ingest(present));
              Awaitility.await().until(this::aTransactionWaitsForTheContents);
              return started;
            });
    ingestion.join();

    assertThat(tenant.awaitSettled(store).at("/file_counts/completed").asInt()).isEqualTo(1);
    assertThat(parts()).isEqualTo(all);
    assertThat(
            jdbc.list(
                "SELECT part FROM vector_store_texts WHERE content = ? ORDER BY part",
                row -> row.integer("part"),
                present.content()))
        .isEqualTo(all);
  }

  private void ingest(ClaimedFile file) {
    try {
      ingestFile.ingest(file);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean aTransactionWaitsForTheContents() {
    return jdbc.one(
            """
            SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
              AND query LIKE '%FROM vector_store_contents WHERE id = % FOR SHARE%') AS waits
            """,
            row -> row.bool("waits"))
        .orElseThrow();
  }

  @Test
  void aStoreWhoseAssistantWasNotStoredIsDeletedAndThatOfAnAssistantStays() {
    var lost =
        stores.create(tenant.project(), "file_ids", List.of(), null, Metadata.EMPTY, null).value();
    var created =
        tenant
            .api()
            .post(
                "/v1/assistants",
                """
                {"model": "m", "tools": [{"type": "file_search"}],
                 "tool_resources": {"file_search": {"vector_stores": [{}]}}}""");
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    var used = created.json().at("/tool_resources/file_search/vector_store_ids/0").asText();
    assertThat(unconfirmed()).containsExactly(lost);

    jdbc.update(
        "UPDATE vector_stores SET unconfirmed_until = now() - interval '1 s' WHERE id = ANY (?)",
        List.of(lost, used));
    stores.deleteUnconfirmed(100);

    assertThat(stores.existing(tenant.project(), List.of(lost, used))).containsExactly(used);
    assertThat(unconfirmed()).isEmpty();
  }

  private List<String> unconfirmed() {
    return jdbc.list(
        """
        SELECT id FROM vector_stores
        WHERE project_id = ? AND unconfirmed_until IS NOT NULL AND status <> 'deleted'
        """,
        row -> row.text("id"),
        tenant.project());
  }
}
