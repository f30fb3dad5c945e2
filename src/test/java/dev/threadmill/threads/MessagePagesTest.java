package dev.threadmill.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pages of the messages of a thread. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class MessagePagesTest extends MessagesFixture {
  @Test
  void aPageIsReadFromBothEndsInBothOrders() {
    var all = new ArrayList<String>();
    for (int i = 0; i < 7; i++) {
      all.add(user.post(path, HELLO).id());
    }

    assertThat(page("order=asc&limit=3")).isEqualTo(new Slice(all.subList(0, 3), true));
    assertThat(page("order=asc&limit=3&after=" + all.get(2)))
        .isEqualTo(new Slice(all.subList(3, 6), true));
    assertThat(page("order=asc&limit=3&after=" + all.get(5)))
        .isEqualTo(new Slice(all.subList(6, 7), false));
    assertThat(page("order=asc&limit=3&after=" + all.get(6)))
        .isEqualTo(new Slice(List.of(), false));
    assertThat(page("order=asc&limit=3&before=" + all.get(5)))
        .isEqualTo(new Slice(all.subList(2, 5), true));
    assertThat(page("order=asc&limit=3&before=" + all.get(2)))
        .isEqualTo(new Slice(all.subList(0, 2), false));
    assertThat(page("order=asc&after=%s&before=%s".formatted(all.get(1), all.get(5))))
        .isEqualTo(new Slice(all.subList(2, 5), false));

    var newest = all.reversed();
    assertThat(page("limit=7")).isEqualTo(new Slice(newest, false));
    assertThat(page("limit=3&after=" + newest.get(2)))
        .isEqualTo(new Slice(newest.subList(3, 6), true));
    assertThat(page("limit=3&before=" + newest.get(5)))
        .isEqualTo(new Slice(newest.subList(2, 5), true));
    assertThat(page("limit=2&after=%s&before=%s".formatted(newest.get(1), newest.get(5))))
        .isEqualTo(new Slice(newest.subList(2, 4), true));
  }

  private record Slice(List<String> ids, boolean hasMore) {}

  private Slice page(String query) {
    var page = user.get(path + "?" + query);
    assertThat(page.status()).as(page.text()).isEqualTo(200);
    var found = new ArrayList<String>();
    page.json().path("data").forEach(message -> found.add(message.path("id").asText()));
    assertThat(page.json().path("first_id").textValue())
        .isEqualTo(found.isEmpty() ? "" : found.getFirst());
    assertThat(page.json().path("last_id").textValue())
        .isEqualTo(found.isEmpty() ? "" : found.getLast());
    assertThat(page.json().path("object").asText()).isEqualTo("list");
    return new Slice(found, page.json().path("has_more").asBoolean());
  }

  @Test
  void aPageCostsOneStatement() {
    for (int i = 0; i < 3; i++) {
      user.post(path, HELLO);
    }
    var first = page("limit=1").ids().getFirst();

    long before = jdbc.statements();
    page("limit=1&after=" + first);

    assertThat(jdbc.statements() - before).isEqualTo(1);
  }

  @Test
  void elementsCanBeDeletedWhileTheyAreListed() {
    for (int i = 0; i < 9; i++) {
      user.post(path, HELLO);
    }
    for (var order : List.of("desc", "asc")) {
      String after = null;
      int seen = 0;
      while (true) {
        var query = "limit=2&order=" + order + (after == null ? "" : "&after=" + after);
        var slice = page(query);
        for (var id : slice.ids()) {
          user.delete(path + "/" + id);
          seen++;
        }
        if (slice.ids().isEmpty()) {
          break;
        }
        after = slice.ids().getLast();
      }
      assertThat(seen).as(order).isEqualTo(9);
      for (int i = 0; i < 9; i++) {
        user.post(path, HELLO);
      }
    }
  }

  @Test
  void messagesCanBeFilteredByRun() {
    var message = user.post(path, HELLO).id();
    user.post(path, HELLO);
    jdbc.update(
        "UPDATE messages SET run_id = 'run_1' WHERE thread_id = ? AND id = ?", thread, message);

    assertThat(page("run_id=run_1").ids()).containsExactly(message);
    assertThat(page("run_id=run_2").ids()).isEmpty();
    assertThat(user.get(path + "?run_id=x").status()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit",
    "limit=101, limit",
    "limit=ten, limit",
    "limit=99999999999, limit",
    "order=up, order",
    "after=msg_unknown, after",
    "before=msg_unknown, before",
    "after=%00, after",
    "after=%F0%9F%98%80, after",
  })
  void invalidPageParametersAreNamed(String query, String param) {
    var refused = user.get(path + "?" + query);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
  }
}
