package dev.threadmill.imports;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceObjectsTest {
  private static SourceObjects read(String json) {
    var objects = new SourceObjects(0);
    objects.addPiece(
        json.getBytes(StandardCharsets.UTF_8), Json.MAPPER.createObjectNode().put("offset", 0));
    return objects;
  }

  @Test
  void aBlockThatAnAgentNamesManyTimesDoesNotFillTheMemory() {
    var ids = String.join(",", Collections.nCopies(100_000, "\"b\""));
    var agent =
        "{\"id\": \"a\", \"system\": \"s\", \"block_ids\": [" + ids + "], \"messages\": []}";
    var block = "{\"id\": \"b\", \"label\": \"l\", \"value\": \"" + "v".repeat(1_000_000) + "\"}";

    var objects = read("{\"agents\": [" + agent + "], \"blocks\": [" + block + "]}");

    assertThat(objects.items()).hasSize(2);
    assertThat(objects.items().getFirst().body().length()).isLessThan(400_000);
  }

  @Test
  void agentsThatShareALongToolAreTakenUpToABound() {
    var schema = "{\"name\": \"f\", \"description\": \"" + "d".repeat(200_000) + "\"}";
    var tool = "{\"id\": \"t\", \"tool_type\": \"custom\", \"json_schema\": " + schema + "}";
    var tools = String.join(",", Collections.nCopies(100, "\"t\""));
    var agent = "{\"id\": \"a\", \"tool_ids\": [" + tools + "], \"messages\": []}";
    var agents = String.join(",", Collections.nCopies(20, agent));

    var objects = read("{\"agents\": [" + agents + "], \"blocks\": [], \"tools\": [" + tool + "]}");

    assertThat(objects.items().stream().mapToLong(item -> item.body().length()).sum())
        .isLessThan(100L << 20);
    assertThat(objects.problems()).isNotEmpty();
    assertThat(objects.isFull()).isTrue();
  }

  @Test
  void listsGroupsAndMessagesWithinThreadsAreFound() {
    var objects =
        read(
            """
            {"assistants": [{"object": "assistant", "id": "a"}], "threads": {"not": "a list"}, "more": [
              {"object": "list", "data": [{"id": "t", "object": "thread", "messages": [
                {"role": "user", "content": "1"}, {"role": "user", "content": "2"}]}]}]}
            """);

    assertThat(objects.items())
        .extracting(StagedItem::kind)
        .containsExactly(Kind.ASSISTANT, Kind.THREAD, Kind.MESSAGE, Kind.MESSAGE);
    assertThat(objects.items().stream().map(StagedItem::sourceId).distinct()).hasSize(4);
    assertThat(objects.items().getLast().parent()).isEqualTo("t");
  }

  @ParameterizedTest
  @CsvSource({
    "2024-01-02 03:04:05,2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05.5+02:00,2024-01-02T01:04:05.500Z",
    "yesterday,1970-01-01T00:00:00Z",
    "9999-01-01T00:00:00Z,1970-01-01T00:00:00Z",
  })
  void timesAreReadInTheFormsOfOtherServers(String text, Instant expected) {
    assertThat(SourceObjects.time(TextNode.valueOf(text))).isEqualTo(expected);
  }
}
