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
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class VectorStoresTest {
  private static final String CONTRACT =
      "The supplier may terminate the contract with a notice of ninety days. "
          + "The order number of the machine is QX-77120-B.";
  private static final String RECIPE =
      "Boil the potatoes for twenty minutes, then mash them with butter and warm milk.";
  private static final String GARDEN =
      "Tomatoes need full sun and regular water; plant them after the last frost in May.";

  @Inject Files files;
  @Inject Jdbc jdbc;

  private StoreTenant tenant;

  @BeforeEach
  void useAProjectOfItsOwn() {
    tenant = StoreTenant.create(files);
  }

  @Test
  void aStoreIsCreatedWithItsFilesAndCountsThemOnceTheyAreIndexed() {
    var contract = tenant.upload("contract.txt", CONTRACT);
    var created =
        tenant.post(
            "/v1/vector_stores",
            """
            {"name": "Contracts", "description": "d", "file_ids": ["%s"], "metadata": {"a": "b"},
             "expires_after": {"anchor": "last_active_at", "days": 3},
             "chunking_strategy": {"type": "static",
               "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}}
            """
                .formatted(contract));
    var id = created.path("id").asText();

    var store = tenant.awaitSettled(id);

    assertThat(store.properties().stream().map(Map.Entry::getKey))
        .containsExactly(
            "id",
            "object",
            "created_at",
            "name",
            "description",
            "usage_bytes",
            "file_counts",
            "status",
            "expires_after",
            "expires_at",
            "last_active_at",
            "metadata");
    assertThat(id).startsWith("vs_");
    assertThat(store.path("object").asText()).isEqualTo("vector_store");
    assertThat(store.path("status").asText()).isEqualTo("completed");
    assertThat(store.path("usage_bytes").asLong()).isGreaterThan(CONTRACT.length());
    assertThat(store.path("file_counts").toString())
        .isEqualTo("{\"in_progress\":0,\"completed\":1,\"failed\":0,\"cancelled\":0,\"total\":1}");
    assertThat(store.path("expires_at").asLong() - store.path("last_active_at").asLong())
        .isEqualTo(3 * 24 * 3600);
    var file = tenant.get("/v1/vector_stores/" + id + "/files/" + contract);
    assertThat(file.path("status").asText()).isEqualTo("completed");
    assertThat(file.path("object").asText()).isEqualTo("vector_store.file");
    assertThat(file.path("last_error").isNull()).isTrue();
    assertThat(file.path("chunking_strategy").toString())
        .isEqualTo(
            "{\"type\":\"static\",\"static\":{\"max_chunk_size_tokens\":200,\"chunk_overlap_tokens\":50}}");
    assertThat(
            tenant
                .get("/v1/vector_stores/" + id + "/files/" + contract + "/content")
                .path("data")
                .get(0)
                .path("text")
                .asText())
        .isEqualTo(CONTRACT);
  }

  @Test
  void aSearchFindsByMeaningAndByWordsAndScoresFromZeroToOne() {
    var contract = tenant.upload("contract.txt", CONTRACT);
    var recipe = tenant.upload("recipe.md", RECIPE);
    var garden = tenant.upload("garden.txt", GARDEN);
    var store = tenant.store(contract, recipe, garden);

    assertThat(best(store, "How long before the agreement can be ended?")).isEqualTo(contract);
    assertThat(best(store, "cooking mashed vegetables")).isEqualTo(recipe);
    assertThat(best(store, "QX-77120-B")).isEqualTo(contract);

    var page = tenant.search(store, "{\"query\": \"when to plant tomatoes\"}");
    assertThat(page.path("object").asText()).isEqualTo("vector_store.search_results.page");
    assertThat(page.path("search_query").toString()).isEqualTo("[\"when to plant tomatoes\"]");
    assertThat(page.path("has_more").asBoolean()).isFalse();
    assertThat(page.path("next_page").isNull()).isTrue();
    var scores = new ArrayList<Double>();
    page.path("data").forEach(result -> scores.add(result.path("score").asDouble()));
    assertThat(scores).hasSize(3).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(scores).allMatch(score -> score >= 0 && score <= 1);
    assertThat(page.at("/data/0/filename").asText()).isEqualTo("garden.txt");
    assertThat(page.at("/data/0/content/0/text").asText()).isEqualTo(GARDEN);

    var above =
        tenant.search(
            store,
            """
            {"query": "when to plant tomatoes", "ranking_options": {"score_threshold": %s}}
            """
                .formatted(scores.getFirst()));
    assertThat(above.path("data")).hasSize(1);
    assertThat(
            tenant.search(store, "{\"query\": \"tomatoes\", \"max_num_results\": 2}").path("data"))
        .hasSize(2);
    assertThat(
            tenant
                .search(
                    store,
                    "{\"query\": [\"QX-77120-B\", \"mashed potatoes\"], \"max_num_results\": 2}")
                .path("data")
                .findValuesAsText("file_id"))
        .containsExactlyInAnyOrder(contract, recipe);
  }

  @Test
  void aSearchIsRestrictedToFilesThatFitTheFilterBeforeItRanks() {
    var store = tenant.store();
    for (int year = 2020; year < 2026; year++) {
      var file = tenant.upload("report-%d.txt".formatted(year), "Annual report. " + CONTRACT);
      tenant.post(
          "/v1/vector_stores/" + store + "/files",
          """
          {"file_id": "%s", "attributes": {"year": %d, "region": "%s", "final": %s}}
          """
              .formatted(file, year, year % 2 == 0 ? "eu" : "us", year < 2025));
    }
    tenant.awaitSettled(store);

    assertThat(years(store, "{\"type\": \"eq\", \"key\": \"year\", \"value\": 2021}"))
        .containsExactly("report-2021.txt");
    assertThat(years(store, "{\"type\": \"gte\", \"key\": \"year\", \"value\": 2024}"))
        .containsExactly("report-2024.txt", "report-2025.txt");
    assertThat(years(store, "{\"type\": \"ne\", \"key\": \"region\", \"value\": \"eu\"}"))
        .containsExactly("report-2021.txt", "report-2023.txt", "report-2025.txt");
    assertThat(years(store, "{\"type\": \"in\", \"key\": \"year\", \"value\": [2020, 2022]}"))
        .containsExactly("report-2020.txt", "report-2022.txt");
    assertThat(years(store, "{\"type\": \"nin\", \"key\": \"region\", \"value\": [\"us\"]}"))
        .containsExactly("report-2020.txt", "report-2022.txt", "report-2024.txt");
    assertThat(
            years(
                store,
                """
                {"type": "and", "filters": [
                  {"type": "lt", "key": "year", "value": 2023},
                  {"type": "or", "filters": [
                    {"type": "eq", "key": "region", "value": "us"},
                    {"type": "eq", "key": "final", "value": false}]}]}
                """))
        .containsExactly("report-2021.txt");
    assertThat(years(store, "{\"type\": \"gt\", \"key\": \"missing\", \"value\": 1}")).isEmpty();
  }

  private List<String> years(String store, String filter) {
    return tenant
        .search(store, "{\"query\": \"annual report\", \"filters\": %s}".formatted(filter))
        .path("data")
        .findValuesAsText("filename")
        .stream()
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                               | query
          {"query": ""}                                                    | query
          {"query": []}                                                    | query
          {"query": [1]}                                                   | query[0]
          {"query": "a", "max_num_results": 51}                            | max_num_results
          {"query": "a", "ranking_options": {"score_threshold": 1.5}}      | ranking_options.score_threshold
          {"query": "a", "filters": {"type": "like"}}                      | filters.type
          {"query": "a", "filters": {"type": "eq", "key": "k"}}            | filters.value
          {"query": "a", "filters": {"type": "and", "filters": []}}        | filters
          {"query": "a", "filters": {"type": "gt", "key": "k", "value": true}} | filters.value
          {"query": "a", "filters": {"type": "gt", "key": "k", "value": 1e400}} | filters.value
          {"query": "a", "other": 1}                                       | other
          """)
  void anInvalidSearchIsRefusedWithTheNameOfTheField(String body, String param) {
    var store = tenant.post("/v1/vector_stores", "{}").path("id").asText();

    var refused = tenant.api().post("/v1/vector_stores/" + store + "/search", body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"file_ids": ["file-none"]}                                              | file_ids
          {"expires_after": {"anchor": "last_active_at", "days": 366}}             | expires_after.days
          {"expires_after": {"anchor": "created_at", "days": 3}}                   | expires_after.anchor
          {"chunking_strategy": {"type": "auto"}}                                  | chunking_strategy
          {"file_ids": ["file-a"], "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51}}} | chunking_strategy.static.chunk_overlap_tokens
          {"name": 1}                                                              | name
          """)
  void anInvalidStoreIsRefusedWithTheNameOfTheField(String body, String param) {
    var refused = tenant.api().post("/v1/vector_stores", body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
  }

  @Test
  void aBadFileFailsWithAReasonAndHoldsUpNoOther() {
    var empty = tenant.upload("empty.txt", " \n ");
    var good = tenant.upload("good.txt", RECIPE);
    var store = tenant.store(empty, good);

    var found = tenant.get("/v1/vector_stores/" + store);
    assertThat(found.at("/file_counts/failed").asInt()).isEqualTo(1);
    assertThat(found.at("/file_counts/completed").asInt()).isEqualTo(1);
    var failed = tenant.get("/v1/vector_stores/" + store + "/files/" + empty);
    assertThat(failed.at("/status").asText()).isEqualTo("failed");
    assertThat(failed.at("/last_error/code").asText()).isEqualTo("invalid_file");
    assertThat(failed.at("/last_error/message").asText()).isNotEmpty();
    assertThat(
            tenant
                .get("/v1/vector_stores/" + store + "/files?filter=failed")
                .path("data")
                .findValuesAsText("id"))
        .containsExactly(empty);
  }

  @Test
  void aBatchAddsFilesWithAttributesOfTheirOwn() {
    var one = tenant.upload("one.txt", RECIPE);
    var two = tenant.upload("two.txt", GARDEN);
    var store = tenant.store();

    var batch =
        tenant.post(
            "/v1/vector_stores/" + store + "/file_batches",
            """
            {"files": [{"file_id": "%s", "attributes": {"n": 1}}, {"file_id": "%s"}]}
            """
                .formatted(one, two));
    tenant.awaitSettled(store);

    var path = "/v1/vector_stores/" + store + "/file_batches/" + batch.path("id").asText();
    var done = tenant.get(path);
    assertThat(done.path("object").asText()).isEqualTo("vector_store.files_batch");
    assertThat(done.path("status").asText()).isEqualTo("completed");
    assertThat(done.at("/file_counts/total").asInt()).isEqualTo(2);
    assertThat(tenant.get(path + "/files?order=asc").path("data").findValuesAsText("id"))
        .containsExactlyInAnyOrder(one, two);
    assertThat(
            tenant
                .get("/v1/vector_stores/" + store + "/files/" + one)
                .path("attributes")
                .toString())
        .isEqualTo("{\"n\":1}");
    var changed =
        tenant.post("/v1/vector_stores/" + store + "/files/" + one, "{\"attributes\": {\"n\": 2}}");
    assertThat(changed.at("/attributes/n").asInt()).isEqualTo(2);
    assertThat(tenant.post(path + "/cancel", "").path("status").asText()).isEqualTo("completed");
  }

  @Test
  void aContentIsCutAndEmbeddedOnceForSeveralStores() {
    var text = CONTRACT + " " + tenant.project();
    var first = tenant.upload("same.txt", text);
    var second = tenant.upload("same.txt", text);
    var one = tenant.store(first);
    var other = tenant.store(second);

    assertThat(
            jdbc.one(
                    "SELECT count(*) AS n FROM vector_store_contents WHERE project_id = ?",
                    row -> row.integer("n"),
                    tenant.project())
                .orElseThrow())
        .isEqualTo(1);
    assertThat(best(one, "QX-77120-B")).isEqualTo(first);
    assertThat(best(other, "QX-77120-B")).isEqualTo(second);
  }

  @Test
  void whatIsDeletedIsNotFoundAnyMoreAndLeavesNoEntries() {
    var gone = tenant.upload("gone.txt", CONTRACT);
    var stays = tenant.upload("stays.txt", RECIPE);
    var store = tenant.store(gone, stays);

    files.delete(tenant.project(), new FileId(gone));

    assertThat(tenant.get("/v1/vector_stores/" + store).at("/file_counts/total").asInt())
        .isEqualTo(1);
    assertThat(best(store, "QX-77120-B")).isEqualTo(stays);
    var removed = tenant.api().delete("/v1/vector_stores/" + store + "/files/" + stays);
    assertThat(removed.json().path("object").asText()).isEqualTo("vector_store.file.deleted");
    assertThat(tenant.search(store, "{\"query\": \"potatoes\"}").path("data")).isEmpty();

    var deleted = tenant.api().delete("/v1/vector_stores/" + store);
    assertThat(deleted.json().path("object").asText()).isEqualTo("vector_store.deleted");
    assertThat(tenant.api().get("/v1/vector_stores/" + store).status()).isEqualTo(404);
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(
                        jdbc.list(
                            "SELECT id FROM vector_stores WHERE id = ?",
                            row -> row.text("id"),
                            store))
                    .isEmpty());
  }

  @Test
  void storesOfOtherProjectsAreNotFound() {
    var store = tenant.store(tenant.upload("a.txt", RECIPE));
    var stranger = StoreTenant.create(files);

    for (var path : List.of("", "/files", "/files/file-1")) {
      assertThat(stranger.api().get("/v1/vector_stores/" + store + path).status()).isEqualTo(404);
    }
    assertThat(
            stranger
                .api()
                .post("/v1/vector_stores/" + store + "/search", "{\"query\": \"a\"}")
                .status())
        .isEqualTo(404);
  }

  private String best(String store, String query) {
    JsonNode page = tenant.search(store, "{\"query\": \"%s\"}".formatted(query));
    return page.at("/data/0/file_id").asText();
  }
}
