package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A conversation of ten thousand items is read, continued, compacted and deleted. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class LongConversationTest extends ResponsesFixture {
  private static final int MESSAGES = 9_000;
  private static final int CALLS = 500;
  private static final int ITEMS = MESSAGES + 2 * CALLS;
  private static final int PAGE = 100;

  @Inject Jdbc jdbc;

  /** Messages, and between the last of them calls with their outputs. */
  private String conversation() {
    var id = user.post("/v1/conversations", "{}").id();
    var thread = "thread_" + id.substring("conv_".length());
    var project =
        jdbc.one(
                "SELECT project_id FROM threads WHERE id = ?",
                row -> row.text("project_id"),
                thread)
            .orElseThrow();
    jdbc.update(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, role, content,
          metadata, tokens)
        SELECT ?, 'msg_long' || n, ?, now() - interval '1 hour' + n * interval '1 millisecond',
          'completed', CASE n % 2 WHEN 0 THEN 'user' ELSE 'assistant' END,
          jsonb_build_array(jsonb_build_object('type', 'text',
            'text', jsonb_build_object('value', 'number ' || n, 'annotations', '[]'::jsonb))),
          '{}', 4
        FROM generate_series(1, ?) n
        """,
        thread, project, MESSAGES);
    jdbc.update(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status)
        SELECT ?, 'step_long' || n, ?, 'run_long' || n, 'asst_x', 1,
          now() - interval '1 hour' + n * interval '10 milliseconds' + interval '7 microseconds',
          'tool_calls', 'completed'
        FROM generate_series(1, ?) n
        """,
        thread,
        project,
        CALLS);
    jdbc.update(
        """
        INSERT INTO tool_calls (thread_id, id, project_id, run_id, step_id, ordinal, type, name,
          arguments, output)
        SELECT ?, 'call_long' || n, ?, 'run_long' || n, 'step_long' || n, 0, 'function', 'ask',
          '{}', 'out'
        FROM generate_series(1, ?) n
        """,
        thread,
        project,
        CALLS);
    return id;
  }

  private List<String> idsOf(String conversation, String order, int most) {
    var ids = new ArrayList<String>();
    var after = "";
    while (true) {
      var page =
          user.get(
                  "/v1/conversations/%s/items?limit=%d&order=%s%s"
                      .formatted(conversation, PAGE, order, after))
              .json();
      page.path("data").forEach(item -> ids.add(item.path("id").asText()));
      if (!page.path("has_more").asBoolean() || ids.size() >= most) {
        return ids;
      }
      after = "&after=" + page.path("last_id").asText();
    }
  }

  @Test
  void itIsListedContinuedCompactedAndDeleted() {
    var id = conversation();

    var upwards = idsOf(id, "asc", ITEMS);
    var downwards = idsOf(id, "desc", 10 * PAGE);
    assertThat(new HashSet<>(upwards)).hasSize(ITEMS);
    assertThat(upwards.reversed()).startsWith(downwards.toArray(String[]::new));

    provider.replyTo(
        model, Reply.text("Continued."), Reply.text("All of it in short."), Reply.text("Behind."));
    var inIt = "\"input\": \"Go on\", \"conversation\": \"%s\"".formatted(id);
    assertThat(text(create(inIt + ", \"truncation\": \"auto\""))).isEqualTo("Continued.");
    assertThat(messagesOfLastRequest().toString()).contains("number " + MESSAGES);
    var compacted =
        create(
            inIt
                + ", \"context_management\": [{\"type\": \"compaction\", \"compact_threshold\": 1000}],"
                + " \"truncation\": \"auto\"");
    assertThat(types(compacted)).containsExactly("compaction", "message");
    assertThat(messagesOfLastRequest().toString()).contains("All of it in short.");
    assertThat(messagesOfLastRequest().size()).isLessThan(5);

    assertThat(user.delete("/v1/conversations/" + id).status()).isEqualTo(200);
    assertThat(user.get("/v1/conversations/" + id).status()).isEqualTo(404);
    assertThat(
            jdbc.one(
                "SELECT count(*) AS left FROM messages WHERE thread_id = ?",
                row -> row.integer("left"),
                "thread_" + id.substring("conv_".length())))
        .contains(0);
  }
}
