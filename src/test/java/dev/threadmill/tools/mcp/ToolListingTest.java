package dev.threadmill.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists of tools as servers are known to write them. */
class ToolListingTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"object\",\"properties\":[]} | {\"type\":\"object\",\"properties\":{}}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\",\"properties\":[]}}}"
            + " | {\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{}}}}",
        "{\"properties\":{\"a\":{\"type\":\"string\",\"required\":true}}}"
            + " | {\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}",
        "{\"properties\":{\"required\":{\"type\":\"boolean\"}},\"required\":[\"required\"]}"
            + " | {\"type\":\"object\",\"properties\":{\"required\":{\"type\":\"boolean\"}},\"required\":[\"required\"]}",
        "{\"properties\":{\"a\":{\"enum\":[]}}} | {\"type\":\"object\",\"properties\":{\"a\":{}}}",
        "{\"properties\":{\"a\":{\"type\":\"int\"}}} | {\"type\":\"object\",\"properties\":{\"a\":{}}}",
        "{\"properties\":{\"a\":{\"type\":\"array\",\"items\":[{\"type\":\"str\"}]}}}"
            + " | {\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\"}}}",
        "{\"properties\":{\"a\":{\"anyOf\":[]}},\"additionalProperties\":[]}"
            + " | {\"type\":\"object\",\"properties\":{\"a\":{}}}",
        "{\"properties\":{},\"$defs\":[],\"allOf\":null} | {\"type\":\"object\",\"properties\":{},\"$defs\":{}}",
        "\"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{}}\" | {\"type\":\"object\",\"properties\":{}}",
      })
  void schemasAreRepairedForProvidersThatInsist(String given, String repaired) {
    var listing = new ToolListing();

    listing.add(
        Json.tree("{\"tools\": [{\"name\": \"go\", \"inputSchema\": %s}]}".formatted(given)));

    assertThat(listing.warnings()).isEmpty();
    assertThat(listing.tools()).hasSize(1);
    assertThat(listing.tools().getFirst().parameters()).isEqualTo(Json.tree(repaired));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"tools\": null}",
        "{\"tools\": {}}",
        "{\"tools\": []}",
        "{}",
        "[]",
        "null",
        "{\"tools\": [], \"nextCursor\": \"\"}",
        "{\"tools\": [], \"nextCursor\": null}",
        "{\"tools\": [], \"nextCursor\": 7}",
      })
  void aListOfAnyFormEnds(String page) {
    var listing = new ToolListing();

    assertThat(listing.add(Json.tree(page))).isNull();
    assertThat(listing.tools()).isEmpty();
  }

  @Test
  void aSchemaThatIsNoneIsLeftOutWithAWarning() {
    var listing = new ToolListing();

    listing.add(
        Json.tree(
            """
            {"tools": [{"name": "a", "inputSchema": "nonsense"}, {"name": "b", "inputSchema": 7},
              {"name": "c", "inputSchema": {"type": "string"}}, {"name": "d"}]}
            """));

    assertThat(listing.tools()).extracting(ToolListing.ListedTool::name).containsExactly("d");
    assertThat(listing.warnings()).hasSize(3);
  }
}
