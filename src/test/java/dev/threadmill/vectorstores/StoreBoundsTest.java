package dev.threadmill.vectorstores;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bounds of the size of a store and of a page of the content of a file. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class StoreBoundsTest {
  private static final String TEXT = "Boil the potatoes for twenty minutes, then mash them. ";

  @Inject Files files;
  @Inject Jdbc jdbc;

  private StoreTenant tenant;

  @BeforeEach
  void useAProjectOfItsOwn() {
    tenant = StoreTenant.create(files);
  }

  @Test
  void theContentOfALongFileHasPagesOfAFewMegabytes() {
    var file = tenant.upload("long.txt", TEXT + tenant.project());
    var store = tenant.store(file);
    jdbc.update(
        """
        INSERT INTO vector_store_texts (content, part, text, repeated)
        SELECT f.content, n, n || repeat('a', 1000000), 0
        FROM vector_store_files f, generate_series(1, 7) n WHERE f.store_id = ?
        """,
        store);
    var path = "/v1/vector_stores/" + store + "/files/" + file + "/content";

    var texts = new ArrayList<String>();
    var sizes = new ArrayList<Integer>();
    JsonNode page = tenant.get(path);
    while (true) {
      sizes.add(page.path("data").size());
      page.path("data").forEach(part -> texts.add(part.path("text").asText().substring(0, 2)));
      assertThat(page.path("has_more").asBoolean()).isEqualTo(page.hasNonNull("next_page"));
      if (!page.hasNonNull("next_page")) {
        break;
      }
      page = tenant.get(path + "?page=" + page.path("next_page").asText());
    }

    assertThat(sizes).containsExactly(6, 2);
    assertThat(texts).containsExactly("Bo", "1a", "2a", "3a", "4a", "5a", "6a", "7a");
  }

  @Test
  void aThreadAddsNoFileToAStoreThatIsFull() {
    var store = tenant.store(tenant.upload("first.txt", TEXT + tenant.project()));
    jdbc.update(
        """
        INSERT INTO vector_store_files (store_id, id, project_id, created_at, status, max_tokens,
          overlap_tokens, content, model)
        SELECT f.store_id, f.id || n, f.project_id, f.created_at, 'failed', f.max_tokens,
          f.overlap_tokens, f.content, f.model
        FROM vector_store_files f, generate_series(2, ?) n WHERE f.store_id = ?
        """,
        VectorStores.MAX_FILES,
        store);
    var thread =
        tenant
            .post(
                "/v1/threads",
                "{\"tool_resources\": {\"file_search\": {\"vector_store_ids\": [\"%s\"]}}}"
                    .formatted(store))
            .path("id")
            .asText();

    var refused =
        tenant
            .api()
            .post(
                "/v1/threads/" + thread + "/messages",
                """
                {"role": "user", "content": "a",
                 "attachments": [{"file_id": "%s", "tools": [{"type": "file_search"}]}]}
                """
                    .formatted(tenant.upload("more.txt", TEXT)));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.text()).contains("more than 10000 files");
    assertThat(tenant.get("/v1/vector_stores/" + store).at("/file_counts/total").asInt())
        .isEqualTo(VectorStores.MAX_FILES);
    assertThat(tenant.api().delete("/v1/vector_stores/" + store).status()).isEqualTo(200);
  }
}
