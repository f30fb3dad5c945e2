package dev.threadmill.protocols.responses.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.vectorstores.search.AttributeFilter;
import dev.threadmill.vectorstores.search.AttributeFilter.Comparison.Operator;
import dev.threadmill.vectorstores.search.HybridSearch;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tools of a request for a response: taken, left out or refused, but never taken in part. */
class ReadToolsTest {
  private static OfferedTools read(String tool) {
    return read(tool, "null", (_, _) -> Optional.of("there is none."));
  }

  private static OfferedTools read(
      String tool, String choice, OfferedTools.Availability availability) {
    return ReadTools.of(
        Json.tree(
            "{\"model\": \"m\", \"tools\": [%s], \"tool_choice\": %s}".formatted(tool, choice)),
        availability);
  }

  @Test
  void aSearchOfTheWebIsTakenUnderAnyOfItsNamesWhereThereIsOne() {
    for (var name : List.of("web_search", "web_search_2025_08_26", "web_search_preview")) {
      var read =
          read(
              """
              {"type": "%s", "filters": {"allowed_domains": ["a.example"]},
               "user_location": {"type": "approximate", "city": "Graz", "country": "AT"},
               "search_context_size": "low", "external_web_access": false}"""
                  .formatted(name),
              "{\"type\": \"web_search_preview\"}",
              (model, _) -> model.equals("m") ? Optional.empty() : Optional.of("none."));

      var search = (WebSearchSpec) read.specs().getFirst();
      assertThat(search.effectiveFilters().allowed()).containsExactly("a.example");
      assertThat(search.userLocation().city()).isEqualTo("Graz");
      assertThat(search.effectiveSize()).isEqualTo(WebSearchSpec.ContextSize.LOW);
      assertThat(read.choice()).isEqualTo(ToolChoice.REQUIRED);
      assertThat(read.echo().at("/0/type").asText()).isEqualTo(name);
    }
  }

  @Test
  void aSearchOfTheWebThatIsForcedWhereThereIsNoneIsRefused() {
    var refused =
        catchThrowableOfType(
            ApiException.class,
            () ->
                read(
                    "{\"type\": \"web_search\"}",
                    "{\"type\": \"web_search\"}",
                    (_, _) -> Optional.of("there is none.")));

    assertThat(refused.error().param()).isEqualTo("tool_choice.type");
    assertThat(refused.error().message()).contains("there is none.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
        "image_generation",
        "computer",
        "computer_use_preview",
        "local_shell",
        "shell",
        "apply_patch",
        "tool_search",
        "web_search_",
        "of_next_year"
      })
  void aToolThatThisServerDoesNotHaveIsLeftOut(String type) {
    var read = read("{\"type\": \"%s\"}".formatted(type));

    assertThat(read.specs()).isEmpty();
    assertThat(read.echo()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | type",
        "{'type': 'web_search', 'filters': {'allowed_domains': ['a b']}} | filters.allowed_domains[0]",
        "{'type': 'web_search', 'filters': []} | filters",
        "{'type': 'web_search', 'user_location': {'country': 'AUT'}} | user_location.country",
        "{'type': 'web_search', 'user_location': {'type': 'exact'}} | user_location.type",
        "{'type': 'web_search', 'search_context_size': 'huge'} | search_context_size",
        "{'type': 'function', 'name': 7} | name",
        "{'type': 'function', 'name': 'f', 'description': 7} | description",
        "{'type': 'function', 'name': 'f', 'strict': 'yes'} | strict",
        "{'type': 'custom', 'name': 'c', 'format': {'type': 'regex'}} | format",
        "{'type': 'namespace', 'tools': []} | name",
        "{'type': 'namespace', 'name': 'n', 'tools': {}} | tools",
        "{'type': 'namespace', 'name': 'n', 'tools': [{'type': 'custom'}]} | tools[0].type",
        "{'type': 'namespace', 'name': 'n', 'tools': ['f']} | tools[0].type",
        "{'type': 'file_search', 'vector_store_ids': 'vs_1'} | vector_store_ids",
        "{'type': 'file_search', 'max_num_results': 51} | max_num_results",
        "{'type': 'file_search', 'filters': {}} | filters.type",
        "{'type': 'file_search', 'filters': {'type': 'eq', 'key': 'k'}} | filters.value",
        "{'type': 'file_search', 'ranking_options': {'hybrid_search': {'text_weight': 1}}} | ranking_options.hybrid_search.embedding_weight",
        "{'type': 'file_search', 'ranking_options': []} | ranking_options",
        "{'type': 'file_search', 'ranking_options': {'ranker': 'x'}} | ranking_options.ranker",
        "{'type': 'file_search', 'ranking_options': {'score_threshold': 2}} | ranking_options.score_threshold",
        "{'type': 'code_interpreter', 'container': 'file-1'} | container",
        "{'type': 'code_interpreter', 'container': []} | container",
        "{'type': 'code_interpreter', 'container': {'type': 'other'}} | container.type",
        "{'type': 'code_interpreter', 'container': {'network_policy': {'type': 'allowlist'}}} | container.network_policy.type",
        "{'type': 'code_interpreter', 'container': {'skills': [{}]}} | container.skills",
        "{'type': 'code_interpreter', 'container': {'file_ids': 'file-1'}} | container.file_ids",
        "{'type': 'code_interpreter', 'container': {'file_ids': [1]}} | container.file_ids"
      })
  void whatCannotBeTakenIsRefusedByItsField(String tool, String field) {
    var refused = catchThrowableOfType(ApiException.class, () -> read(tool.replace('\'', '"')));

    assertThat(refused).as(tool).isNotNull();
    assertThat(refused.error().param()).isEqualTo("tools[0]." + field);
  }

  @Test
  void aToolThatThisServerDoesNotHaveIsRefusedIfItIsForced() {
    var refused =
        catchThrowableOfType(
            ApiException.class,
            () ->
                read(
                    "{\"type\": \"of_next_year\"}",
                    "{\"type\": \"of_next_year\"}",
                    (_, _) -> Optional.empty()));

    assertThat(refused.error().param()).isEqualTo("tool_choice.type");
  }

  @Test
  void theFilesOfAContainerAreForCode() {
    var read =
        read(
            """
            {"type": "code_interpreter",
             "container": {"type": "auto", "file_ids": ["file-1", "file-2"], "memory_limit": null}}""");

    assertThat(read.codeFiles())
        .extracting(OfferedTools.CodeFile::id)
        .containsExactly("file-1", "file-2");
  }

  @Test
  void optionsOfASearchReachTheTool() {
    var read =
        read(
            """
            {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 7,
             "ranking_options": {"ranker": "default-2024-11-15", "score_threshold": 0.5,
               "hybrid_search": {"embedding_weight": 1, "text_weight": 3}},
             "filters": {"type": "eq", "key": "year", "value": 2026}}""");

    var search = (ToolSpec.FileSearch) read.specs().getFirst();
    assertThat(search.vectorStoreIds()).isEqualTo(List.of("vs_1"));
    assertThat(search.fileSearch().maxNumResults()).isEqualTo(7);
    assertThat(search.fileSearch().rankingOptions().scoreThreshold()).isEqualTo(0.5);
    assertThat(search.fileSearch().rankingOptions().hybridSearch())
        .isEqualTo(new HybridSearch(1.0, 3.0));
    assertThat(search.fileSearch().filters())
        .isEqualTo(new AttributeFilter.Comparison(Operator.EQ, "year", IntNode.valueOf(2026)));
  }

  @Test
  void theDescriptionOfAnMcpServerReachesTheTool() {
    var read =
        read(
            """
            {"type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp",
             "server_description": "Answers questions.", "require_approval": "never"}""");

    var mcp = (ToolSpec.Mcp) read.specs().getFirst();
    assertThat(mcp.mcp().serverDescription()).isEqualTo("Answers questions.");
  }
}
