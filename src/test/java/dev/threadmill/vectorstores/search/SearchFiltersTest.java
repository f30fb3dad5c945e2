package dev.threadmill.vectorstores.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.files.Files;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.vectorstores.StoreTenant;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Filters by attributes of every type with every operator, and the bounds of a search. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class SearchFiltersTest {
  /** Files a to e by their attributes. */
  private static final Map<String, String> ATTRIBUTES =
      Map.of(
          "a", "{\"n\": 1, \"s\": \"apple\", \"b\": true}",
          "b", "{\"n\": 2.5, \"s\": \"Banane\", \"b\": false}",
          "c", "{\"n\": -3, \"s\": \"cherry \\\"x\\\" \u5317\"}",
          "d", "{\"n\": \"1\", \"s\": 7, \"b\": \"true\"}",
          "e", "{}");

  private static final List<List<String>> CASES =
      List.of(
          // a number equals itself in another spelling, never a text or a boolean
          List.of("eq", "n", "1", "a"),
          List.of("eq", "n", "1.0", "a"),
          List.of("eq", "n", "\"1\"", "d"),
          List.of("eq", "b", "true", "a"),
          List.of("eq", "b", "\"true\"", "d"),
          List.of("eq", "s", "\"cherry \\\"x\\\" \u5317\"", "c"),
          List.of("eq", "s", "\"Apple\"", ""),
          List.of("ne", "n", "1", "bcde"),
          List.of("ne", "b", "false", "acde"),
          List.of("ne", "s", "\"apple\"", "bcde"),
          List.of("gt", "n", "1", "b"),
          List.of("gte", "n", "1", "ab"),
          List.of("lt", "n", "1", "c"),
          List.of("lte", "n", "1", "ac"),
          List.of("gt", "n", "-1e300", "abc"),
          List.of("lt", "n", "2.50000000001", "abc"),
          // texts by their code points: capitals are before small letters
          List.of("gt", "s", "\"apple\"", "c"),
          List.of("gte", "s", "\"apple\"", "ac"),
          List.of("lt", "s", "\"apple\"", "b"),
          List.of("lte", "n", "\"1\"", "d"),
          List.of("in", "n", "[1, 2.5, \"1\"]", "abd"),
          List.of("in", "b", "[true]", "a"),
          List.of("in", "n", "[]", ""),
          List.of("nin", "n", "[1, 2.5]", "cde"),
          List.of("nin", "n", "[]", "abcde"),
          List.of("eq", "none", "1", ""),
          List.of("lt", "none", "1", ""),
          List.of("ne", "none", "1", "abcde"));

  @Inject Files files;

  private StoreTenant tenant;

  private String storeOfAll() {
    tenant = StoreTenant.create(files);
    var store = tenant.store();
    ATTRIBUTES.forEach(
        (name, attributes) ->
            tenant.post(
                "/v1/vector_stores/" + store + "/files",
                "{\"file_id\": \"%s\", \"attributes\": %s}"
                    .formatted(tenant.upload(name + ".txt", "A report, " + name), attributes)));
    tenant.awaitSettled(store);
    return store;
  }

  private String found(String store, String filter) {
    var names =
        tenant
            .search(
                store,
                "{\"query\": \"a report\", \"max_num_results\": 50, \"filters\": %s}"
                    .formatted(filter))
            .path("data")
            .findValuesAsText("filename");
    return String.join("", names.stream().map(name -> name.substring(0, 1)).sorted().toList());
  }

  @Test
  void everyOperatorComparesValuesOfItsOwnType() {
    var store = storeOfAll();

    for (var each : CASES) {
      var filter =
          "{\"type\": \"%s\", \"key\": \"%s\", \"value\": %s}"
              .formatted(each.get(0), each.get(1), each.get(2));
      assertThat(found(store, filter)).as(filter).isEqualTo(each.get(3));
    }
    assertThat(
            found(
                store,
                """
                {"type": "or", "filters": [{"type": "eq", "key": "n", "value": 2.5},
                  {"type": "and", "filters": [{"type": "lt", "key": "n", "value": 0},
                    {"type": "ne", "key": "b", "value": true}]}]}
                """))
        .isEqualTo("bc");
    var condition = "{\"type\": \"ne\", \"key\": \"n\", \"value\": 9}";
    var deep = condition;
    for (int level = 0; level < 7; level++) {
      deep = "{\"type\": \"and\", \"filters\": [%s]}".formatted(deep);
    }
    assertThat(found(store, deep)).isEqualTo("abcde");
    var search = "/v1/vector_stores/" + store + "/search";
    var body = "{\"query\": \"a\", \"filters\": {\"type\": \"and\", \"filters\": [%s]}}";
    for (var refused :
        List.of(deep, String.join(", ", java.util.Collections.nCopies(65, condition)))) {
      var answer = tenant.api().post(search, body.formatted(refused));
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
      assertThat(answer.error().path("param").asText()).startsWith("filters");
    }
  }

  @Test
  void theBoundsOfASearchAreKeptAndOthersRefused() {
    var store = storeOfAll();
    var search = "/v1/vector_stores/" + store + "/search";

    for (var accepted :
        List.of(
            "\"max_num_results\": 1",
            "\"max_num_results\": 50",
            "\"ranking_options\": {\"ranker\": \"none\", \"score_threshold\": 0}",
            "\"ranking_options\": {\"ranker\": \"auto\", \"score_threshold\": 0.0}",
            "\"ranking_options\": {\"ranker\": \"default-2024-11-15\"}",
            "\"rewrite_query\": true",
            "\"filters\": null, \"ranking_options\": null, \"max_num_results\": null")) {
      var data = tenant.search(store, "{\"query\": \"a report\", %s}".formatted(accepted));
      assertThat(data.path("data").size())
          .as(accepted)
          .isEqualTo(accepted.contains("results\": 1") ? 1 : 5);
    }
    assertThat(
            tenant
                .search(
                    store, "{\"query\": \"zebra\", \"ranking_options\": {\"score_threshold\": 1}}")
                .path("data"))
        .isEmpty();
    Map.of(
            "\"max_num_results\": 0", "max_num_results",
            "\"max_num_results\": 51", "max_num_results",
            "\"max_num_results\": 1.5", "max_num_results",
            "\"ranking_options\": {\"score_threshold\": -0.1}", "ranking_options.score_threshold",
            "\"ranking_options\": {\"score_threshold\": 1.01}", "ranking_options.score_threshold",
            "\"ranking_options\": {\"ranker\": \"best\"}", "ranking_options.ranker",
            "\"rewrite_query\": \"yes\"", "rewrite_query")
        .forEach(
            (field, param) -> {
              var refused =
                  tenant.api().post(search, "{\"query\": \"a report\", %s}".formatted(field));
              assertThat(refused.status()).as(field + refused.text()).isEqualTo(400);
              assertThat(refused.error().path("param").asText()).as(field).isEqualTo(param);
            });
    for (var empty : new String[] {null, "", "null", "[]"}) {
      assertThat(tenant.api().post(search, empty).status()).as(empty).isEqualTo(400);
    }
  }
}
