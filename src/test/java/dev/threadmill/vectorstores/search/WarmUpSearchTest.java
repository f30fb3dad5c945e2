package dev.threadmill.vectorstores.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.StoreTenant;
import dev.threadmill.vectorstores.VectorStores;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

/** What a node does when it starts so that the first searches are not slow. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class WarmUpSearchTest {
  private static final int ENTRIES = 400;

  @Inject Files files;
  @Inject Jdbc jdbc;
  @Inject SearchStores search;
  @Inject StoreIndex index;
  @Inject VectorStores stores;
  @Inject StoreEmbeddings embeddings;

  @Test
  void aNodeThatStartsIsReadyOnceItHasSearchedAndLoadsTheStoresThatWereUsedLast()
      throws InterruptedException {
    var tenant = StoreTenant.create(files);
    var store = tenant.store(tenant.upload("towns.txt", "The harbour of the town has cranes."));
    jdbc.update(
        """
        INSERT INTO vector_store_index (store_id, source_id, part, model, content, begins, ends,
          created_at, traits, analyzer, terms, embedding)
        SELECT store_id, source_id, n, model, content, begins, ends, created_at, traits, analyzer,
          terms, embedding
        FROM vector_store_index, generate_series(1, ?) AS n WHERE store_id = ?
        """,
        ENTRIES - 1,
        store);
    jdbc.update(
        """
        INSERT INTO vector_store_texts (content, part, text, repeated)
        SELECT t.content, n, t.text, 0
        FROM vector_store_files f JOIN vector_store_texts t ON t.content = f.content,
          generate_series(1, ?) AS n
        WHERE f.store_id = ?
        """,
        ENTRIES - 1,
        store);
    var lastUse = lastUse(store);
    long before = index.heapEntries();
    var warmUp = new WarmUpSearch(search, index, stores, embeddings);

    warmUp.start(null);

    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                warmUp.call().getStatus() == Status.UP && index.heapEntries() >= before + ENTRIES);
    assertThat(lastUse(store)).isEqualTo(lastUse);
    var found = tenant.search(store, "{\"query\": \"cranes of the harbour\"}");
    assertThat(found.at("/data/0/filename").asText()).isEqualTo("towns.txt");
    assertThat(fewestStatements(tenant, store)).isEqualTo(3);
    warmUp.stop(null);
  }

  /** Of some searches the fewest statements, since work in the background sends some, too. */
  private long fewestStatements(StoreTenant tenant, String store) {
    return IntStream.range(0, 20)
        .mapToLong(
            n -> {
              long before = jdbc.statements();
              tenant.search(store, "{\"query\": \"cranes number %d\"}".formatted(n));
              return jdbc.statements() - before;
            })
        .min()
        .orElseThrow();
  }

  private String lastUse(String store) {
    return jdbc.one(
            "SELECT last_active_at::text AS at FROM vector_stores WHERE id = ?",
            row -> row.text("at"),
            store)
        .orElseThrow();
  }
}
