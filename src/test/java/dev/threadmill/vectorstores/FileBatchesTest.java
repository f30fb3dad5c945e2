package dev.threadmill.vectorstores;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.FileId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches of files whose ingestion goes wrong, is cancelled, or meets a deletion. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class FileBatchesTest {
  private static final String TEXT = "Boil the potatoes for twenty minutes, then mash them. ";

  @Inject Files files;
  @Inject Jdbc jdbc;

  private StoreTenant tenant;

  @BeforeEach
  void useAProjectOfItsOwn() {
    tenant = StoreTenant.create(files);
  }

  private static String quoted(List<String> ids) {
    return ids.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(", "));
  }

  private String batches(String store) {
    return "/v1/vector_stores/" + store + "/file_batches";
  }

  /** A text that takes the embedding model some seconds. */
  private static String longText(int seed) {
    var random = new Random(seed);
    var text = new StringBuilder();
    for (int word = 0; word < 6_000; word++) {
      text.append(Integer.toString(random.nextInt(100_000), 36)).append(' ');
    }
    return text.toString();
  }

  private int entries(String store) {
    return jdbc.one(
            "SELECT count(*) AS n FROM vector_store_index WHERE store_id = ?",
            row -> row.integer("n"),
            store)
        .orElseThrow();
  }

  @Test
  void aBadFileOfABatchFailsAndTheOthersAreSearched() {
    var store = tenant.store();
    var bad = tenant.upload("program.bin", "\0\1\2\3".repeat(50));
    var good = tenant.upload("recipe.md", TEXT);

    var batch =
        tenant.post(
            batches(store), "{\"file_ids\": [%s]}".formatted(quoted(List.of(bad, good, bad))));
    tenant.awaitSettled(store);

    var path = batches(store) + "/" + batch.path("id").asText();
    assertThat(tenant.get(path).path("status").asText()).isEqualTo("completed");
    assertThat(tenant.get(path).path("file_counts").toString())
        .isEqualTo("{\"in_progress\":0,\"completed\":1,\"failed\":1,\"cancelled\":0,\"total\":2}");
    JsonNode failed = tenant.get(path + "/files?filter=failed").path("data");
    assertThat(failed.findValuesAsText("id")).containsExactly(bad);
    assertThat(failed.at("/0/last_error/code").asText()).isEqualTo("unsupported_file");
    assertThat(tenant.search(store, "{\"query\": \"potatoes\"}").at("/data/0/file_id").asText())
        .isEqualTo(good);
  }

  @Test
  void aCancelledBatchIndexesNothingMoreAndWhatIsDoneStays() {
    var store = tenant.store();
    var ids = new ArrayList<String>();
    for (int n = 0; n < 12; n++) {
      ids.add(tenant.upload("long-%d.txt".formatted(n), longText(n)));
    }
    var batch =
        tenant.post(batches(store), "{\"file_ids\": [%s]}".formatted(quoted(ids))).path("id");
    var path = batches(store) + "/" + batch.asText();

    var cancelled = tenant.post(path + "/cancel", "");

    assertThat(cancelled.path("status").asText()).isEqualTo("cancelled");
    var counts = cancelled.path("file_counts");
    assertThat(counts.path("in_progress").asInt()).isZero();
    assertThat(counts.path("cancelled").asInt()).isGreaterThan(8);
    assertThat(counts.path("cancelled").asInt() + counts.path("completed").asInt()).isEqualTo(12);
    assertThat(tenant.get(path + "/files?filter=cancelled").path("data"))
        .hasSize(counts.path("cancelled").asInt());
    var again =
        tenant.post(
            "/v1/vector_stores/" + store + "/files",
            "{\"file_id\": \"%s\"}".formatted(tenant.upload("recipe.md", TEXT)));
    tenant.awaitSettled(store);
    assertThat(
            tenant
                .search(store, "{\"query\": \"potatoes\", \"max_num_results\": 1}")
                .at("/data/0/file_id")
                .asText())
        .isEqualTo(again.path("id").asText());
    // what a node was working on was given up, and has left no entries
    assertThat(tenant.get(path).path("file_counts")).isEqualTo(counts);
    assertThat(
            jdbc.list(
                """
                SELECT DISTINCT f.status FROM vector_store_index i
                JOIN vector_store_files f ON f.store_id = i.store_id AND f.id = i.source_id
                WHERE i.store_id = ?
                """,
                row -> row.text("status"),
                store))
        .containsExactly("completed");
  }

  @Test
  void aFileThatIsDeletedWhileItIsIndexedLeavesNothing() {
    var store = tenant.store();
    var file = tenant.upload("long.txt", longText(77));
    tenant.post("/v1/vector_stores/" + store + "/files", "{\"file_id\": \"%s\"}".formatted(file));
    Awaitility.await().until(() -> entries(store) > 0);

    files.delete(tenant.project(), new FileId(file));

    assertThat(tenant.get("/v1/vector_stores/" + store).at("/file_counts/total").asInt()).isZero();
    assertThat(tenant.search(store, "{\"query\": \"potatoes\"}").path("data")).isEmpty();
    Awaitility.await().untilAsserted(() -> assertThat(entries(store)).isZero());
    assertThat(tenant.api().get("/v1/vector_stores/" + store + "/files/" + file).status())
        .isEqualTo(404);
  }

  @Test
  void aFileInTwoStoresHasAttributesOfEachAndLeavesOneOnly() {
    var file = tenant.upload("recipe.md", TEXT);
    var one = tenant.store();
    var other = tenant.store();
    for (var store : List.of(one, other)) {
      tenant.post(
          "/v1/vector_stores/" + store + "/files",
          "{\"file_id\": \"%s\", \"attributes\": {\"store\": \"%s\"}}".formatted(file, store));
      tenant.awaitSettled(store);
    }

    for (var store : List.of(one, other)) {
      assertThat(
              tenant
                  .search(store, "{\"query\": \"potatoes\"}")
                  .at("/data/0/attributes/store")
                  .asText())
          .isEqualTo(store);
    }
    tenant.api().delete("/v1/vector_stores/" + one + "/files/" + file);

    assertThat(tenant.search(one, "{\"query\": \"potatoes\"}").path("data")).isEmpty();
    assertThat(tenant.search(other, "{\"query\": \"potatoes\"}").path("data")).hasSize(1);
    assertThat(tenant.api().get("/v1/files/" + file).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                 | file_ids
          {"file_ids": []}                                                   | file_ids
          {"files": []}                                                      | files
          {"files": [{"attributes": {}}]}                                    | files[0].file_id
          {"file_ids": ["FILE", "file-none"]}                                | file_ids
          {"file_ids": ["FILE"], "files": [{"file_id": "FILE"}]}             | files
          {"files": [{"file_id": "FILE"}], "attributes": {"a": 1}}           | attributes
          {"files": [{"file_id": "FILE", "attributes": {"a": [1]}}]}         | files[0].attributes.a
          {"file_ids": ["FILE"], "attributes": {"a": null}}                  | attributes.a
          {"file_ids": ["FILE"], "chunking_strategy": {"type": "other"}}     | chunking_strategy.type
          {"file_ids": ["FILE"], "chunking_strategy": {"type": "static"}}    | chunking_strategy.static
          {"files": [{"file_id": "FILE", "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 99, "chunk_overlap_tokens": 0}}}]} | files[0].chunking_strategy.static.max_chunk_size_tokens
          {"file_ids": ["FILE"], "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 4097, "chunk_overlap_tokens": 0}}} | chunking_strategy.static.max_chunk_size_tokens
          {"file_ids": ["FILE"], "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": -1}}} | chunking_strategy.static.chunk_overlap_tokens
          """)
  void anInvalidBatchIsRefusedWithTheNameOfTheFieldAndAddsNothing(String body, String param) {
    var store = tenant.store();
    var file = tenant.upload("recipe.md", TEXT);

    var refused = tenant.api().post(batches(store), body.replace("FILE", file));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
    assertThat(tenant.get("/v1/vector_stores/" + store).at("/file_counts/total").asInt()).isZero();
  }

  @Test
  void theSmallestAndTheLargestChunksAreMade() {
    var text = (TEXT + "\n\n").repeat(600);
    var file = tenant.upload("long.md", text + tenant.project());
    var sizes = List.of(List.of(100, 50), List.of(4_096, 2_048));
    var counts = new ArrayList<Integer>();
    for (var size : sizes) {
      var store = tenant.store();
      tenant.post(
          "/v1/vector_stores/" + store + "/files",
          """
          {"file_id": "%s", "chunking_strategy": {"type": "static",
            "static": {"max_chunk_size_tokens": %d, "chunk_overlap_tokens": %d}}}
          """
              .formatted(file, size.getFirst(), size.getLast()));
      // the texts are cut before they are embedded
      Awaitility.await()
          .until(
              () ->
                  tenant
                          .get("/v1/vector_stores/" + store + "/files/" + file + "/content")
                          .path("data")
                          .size()
                      > 0);
      counts.add(
          jdbc.one(
                  """
                  SELECT c.chunks FROM vector_store_contents c
                  JOIN vector_store_files f ON f.content = c.id WHERE f.store_id = ?
                  """,
                  row -> row.integer("chunks"),
                  store)
              .orElseThrow());
      tenant.api().delete("/v1/vector_stores/" + store);
    }

    assertThat(counts.getFirst()).isGreaterThan(120);
    assertThat(counts.getLast()).isBetween(2, 6);
  }
}
