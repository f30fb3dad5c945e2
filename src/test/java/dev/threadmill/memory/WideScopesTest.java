package dev.threadmill.memory;

import static java.util.Comparator.comparing;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Hit;
import dev.threadmill.search.TextQuery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Scopes of many threads, which are read whole, compared whole, or searched through the graph, by
 * their size. The limits are small here.
 */
@QuarkusTest
@TestProfile(WideScopesTest.WithSmallBounds.class)
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(120)
class WideScopesTest {
  private static final List<String> THINGS =
      List.of("tram", "soup", "ladder", "garden", "violin", "passport", "oven", "letter", "kayak");
  private static final List<String> PLACES =
      List.of("Bergen", "Lyon", "Turin", "Porto", "Ghent", "Cork", "Graz", "Malmö", "Brno", "Riga");
  private static final int A_THREAD = 20;

  /** Up to forty entries are read whole, up to a hundred and twenty compared. */
  public static final class WithSmallBounds implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("threadmill.memory.read-whole", "40", "threadmill.memory.compare-all", "120");
    }
  }

  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject MemoryIndex index;
  @Inject Embeddings embeddings;

  @ParameterizedTest(name = "{0} messages")
  @CsvSource({"30, whole", "100, compared", "240, graph"})
  void onlyMessagesOfTheUserAreFoundInAllThreadsByMeaningAndByWords(int size, String name) {
    var others = talk("others-" + name, size);
    others.say("user", "The code of the alarm is 90 11, said somebody else.");
    var threads = talk("one-" + name, size);
    var earlier =
        MemoryThread.ofUser(
            user, "one-" + name, "My blood type is B negative.", "The zyzzyva sits in the attic.");
    assertThat(earlier.recalled("blood", 1)).as("indexed").hasSize(1);
    assertThat(others.recalled("alarm", 1)).as("indexed").hasSize(1);

    assertThat(found(threads, "Which blood group do I have?").getFirst()).contains("B negative");
    assertThat(found(threads, "Where is the zyzzyva?").getFirst()).contains("attic");
    assertThat(found(threads, "What is the code of the alarm?"))
        .isNotEmpty()
        .noneMatch(text -> text.contains("90 11"));
  }

  @Test
  void aUserOfAFewAmongManyIsFoundThroughTheGraphToo() {
    talk("crowd", 400);
    var few = talk("few", 130);
    var last = MemoryThread.ofUser(user, "few", "I am allergic to hazelnuts.");
    assertThat(last.recalled("hazelnuts", 1)).as("indexed").hasSize(1);
    jdbc.update("ANALYZE memory_index");

    assertThat(found(few, "Which nuts can I not eat?").getFirst()).contains("hazelnuts");
    assertThat(found(few, "What do I say of the violin?")).hasSize(10);
  }

  /** A thread's words are read while its question is embedded, its vectors after that. */
  @Test
  void messagesAddedAndDeletedWhileAThreadIsReadAreIndexedCorrectly() throws Exception {
    var thread = MemoryThread.ofUser(user, "busy", "I sold the piano.", "My aunt lives in Cork.");
    var unwanted = thread.say("user", "The printer is out of ink.");
    assertThat(thread.recalled("piano", 1)).as("indexed").hasSize(1);
    var question = TextQuery.of("Which nuts can I not eat?");
    var scope = new MemoryScope.OfThread(projectOf(thread), new ThreadId(thread.id()));

    var found =
        index.search(
            scope,
            question,
            () -> {
              thread.say("user", "I am allergic to hazelnuts.");
              assertThat(thread.recalled("hazelnuts", 1)).as("indexed").hasSize(1);
              var deleted = user.delete(thread.path() + "/messages/" + unwanted);
              assertThat(deleted.status()).as(deleted.text()).isEqualTo(200);
              return embeddings.embedQuery(question.text());
            });

    var nearest = Collections.max(found.hits(), comparing(Hit::similarity));
    assertThat(found.hits()).hasSize(3).isSortedAccordingTo(Hit.CHRONOLOGICAL);
    assertThat(nearest).isEqualTo(found.hits().getLast());
    assertThat(nearest.similarity()).isGreaterThan(0.3);
  }

  private ProjectId projectOf(MemoryThread thread) {
    return jdbc.one(
            "SELECT project_id FROM threads WHERE id = ?",
            row -> row.text("project_id", ProjectId::new),
            thread.id())
        .orElseThrow();
  }

  /** Many messages of a user, in threads of twenty. Returns the last of the threads. */
  private MemoryThread talk(String who, int messages) {
    MemoryThread last = null;
    for (int from = 0; from < messages; from += A_THREAD) {
      var texts = new ArrayList<String>();
      for (int i = from; i < from + A_THREAD && i < messages; i++) {
        texts.add(
            "The %s in %s cost me %d that day."
                .formatted(
                    THINGS.get(i % THINGS.size()),
                    PLACES.get(i / THINGS.size() % PLACES.size()),
                    100 + i));
      }
      last = MemoryThread.ofUser(user, who, texts.toArray(String[]::new));
    }
    return last;
  }

  private List<String> found(MemoryThread thread, String question) {
    var answer =
        user.post(
            thread.path() + "/memory/search",
            "{\"query\": \"%s\", \"scope\": \"user\", \"limit\": 10}".formatted(question));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    var texts = new ArrayList<String>();
    for (JsonNode each : answer.json().path("data")) {
      texts.add(each.path("text").asText());
    }
    return texts;
  }
}
