package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.recall.RecallConfig;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Hit;
import dev.threadmill.search.QueryVector;
import dev.threadmill.search.TextQuery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Nodes with scopes in their heap, while another server changes the memories. Each index here is
 * that of a separate node.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(120)
class HeapIndexTest {
  private static final String SPARE = "Which spare part is on order?";

  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject Embeddings embeddings;
  @Inject MemoryIndex index;
  private MemoryIndex keeping;
  private MemoryIndex reading;
  private MemoryThread thread;

  /** Small limits, with or without a share of the heap. */
  private record Config(int keepPercent) implements RecallConfig {
    @Override
    public int readWhole() {
      return 20;
    }

    @Override
    public int compareAll() {
      return 1_000;
    }

    @Override
    public int keepFrom() {
      return 1;
    }
  }

  @BeforeEach
  void aThreadAndTwoNodes() {
    keeping = node(new Config(12));
    reading = node(new Config(0));
    thread =
        MemoryThread.ofUser(
            user,
            "miller-" + System.nanoTime(),
            "The mill wheel was built in 1902.",
            "We have ordered a spare gear from Turin.",
            "The dog is called Biscuit.");
    assertThat(thread.recalled("wheel", 1)).as("indexed").hasSize(1);
  }

  @Test
  void addedDeletedAndForgottenMessagesAreCurrentInTheNextSearch() throws Exception {
    var scope = keep(thread);
    var order = thread.say("user", "A spare belt is on order, too, from Porto.");
    assertThat(thread.recalled("belt", 1)).as("indexed").hasSize(1);

    assertThat(ids(keeping, scope, SPARE)).hasSize(4).contains(order);

    assertThat(user.delete(thread.path() + "/messages/" + order).status()).isEqualTo(200);
    assertThat(ids(keeping, scope, SPARE)).hasSize(3).doesNotContain(order);

    keep(thread);
    var first = ids(keeping, scope, SPARE).getFirst();
    assertThat(user.delete(thread.path() + "/memory/items/" + first).status()).isEqualTo(200);
    assertThat(ids(keeping, scope, SPARE)).hasSize(2).doesNotContain(first);

    keep(thread);
    assertThat(user.delete(thread.path() + "/memory").status()).isEqualTo(200);
    assertThat(ids(keeping, scope, SPARE)).isEmpty();
  }

  @Test
  void aThreadThatIsGivenToAnotherUserIsFoundWithThatOneAlone() throws Exception {
    var other = MemoryThread.ofUser(user, "heir-" + System.nanoTime(), "I inherit the mill.");
    assertThat(other.recalled("mill", 1)).as("indexed").hasSize(1);
    var before = keep(scopeOfUser(thread));
    var after = keep(scopeOfUser(other));

    var moved =
        user.post(
            thread.path(), Json.write(Map.of("metadata", Map.of("user", userOf(other.id())))));
    assertThat(moved.status()).as(moved.text()).isEqualTo(200);

    assertThat(ids(keeping, before, SPARE)).isEmpty();
    assertThat(ids(keeping, after, SPARE)).hasSize(4);
  }

  /** The words of a query are looked up while it is embedded, and another search refreshes. */
  @Test
  void whatComesWhileAQuestionIsEmbeddedDoesNotMixUpTheEntries() throws Exception {
    var scope = keep(thread);
    var question = TextQuery.of("Where does the spare gear come from?");

    var found =
        keeping
            .search(
                scope,
                question,
                () -> {
                  thread.say("user", "A gear of oak is spare, too.");
                  assertThat(thread.recalled("oak", 1)).as("indexed").hasSize(1);
                  assertThat(idsNow(scope)).hasSize(4);
                  return embeddings.embedQuery(question.text());
                })
            .hits();

    assertThat(found).hasSize(4).isSortedAccordingTo(Hit.CHRONOLOGICAL);
    assertThat(found.get(1).matchedTerms()).isEqualTo(3);
    assertThat(found.get(3).matchedTerms()).isEqualTo(3);
    assertThat(found).allMatch(each -> each.similarity() != null);
  }

  /** The transaction that begins first may become visible last. */
  @Test
  void whatIsCommittedLateIsNotMissed() throws Exception {
    var scope = keep(thread);

    var late =
        jdbc.inTransaction(
            tx -> {
              tx.update(
                  """
                  INSERT INTO memory_index (thread_id, source_id, part, model, project_id,
                    source_type, begins, ends, created_at, traits, terms, embedding)
                  SELECT thread_id, 'msg_late', part, model, project_id, source_type, begins, ends,
                    created_at, traits, terms, embedding
                  FROM memory_index WHERE thread_id = ? ORDER BY source_id LIMIT 1
                  """,
                  thread.id());
              var meanwhile = thread.say("user", "The flour is delivered on Mondays.");
              assertThat(thread.recalled("flour", 1)).as("indexed").hasSize(1);
              assertThat(idsNow(scope)).contains(meanwhile).doesNotContain("msg_late");
              return "msg_late";
            });

    assertThat(ids(keeping, scope, SPARE)).hasSize(5).contains(late);
  }

  @Test
  void whatIsWrittenAnewIsSeenAsItIsNow() throws Exception {
    var scope = keep(thread);
    var gear = ids(keeping, scope, SPARE).get(1);
    jdbc.update(
        """
        UPDATE memory_index SET terms = array_to_tsvector(ARRAY['zyzzyva']), embedding = NULL
        WHERE thread_id = ? AND source_id = ?
        """,
        thread.id(),
        gear);

    var found = in(keeping, scope, "Where is the zyzzyva?");

    assertThat(found).hasSize(3).isSortedAccordingTo(Hit.CHRONOLOGICAL);
    assertThat(found.get(1).matchedTerms()).isEqualTo(1);
    assertThat(found.get(1).similarity()).isNull();
  }

  @Test
  void aScopeOfManyThreadsAnswersAsTheDatabaseDoes() throws Exception {
    var things = List.of("tram", "soup", "ladder", "garden", "violin", "passport", "oven");
    var owner = userOf(thread.id());
    for (int i = 0; i < 12; i++) {
      var texts = new ArrayList<String>();
      for (int j = 0; j < 15; j++) {
        texts.add(
            "The %s of day %d cost me %d."
                .formatted(things.get((i + j) % things.size()), i, 100 * i + j));
      }
      var last = MemoryThread.ofUser(user, owner, texts.toArray(String[]::new));
      assertThat(last.recalled("cost", 1)).as("indexed").hasSize(1);
    }
    var scope = keep(scopeOfUser(thread));

    for (var question :
        List.of("What did the passport cost?", "Who plays the violins?", "A ladder on day 7?")) {
      var kept = in(keeping, scope, question);
      var read = in(reading, scope, question);

      assertThat(kept).isSortedAccordingTo(Hit.CHRONOLOGICAL).hasSizeBetween(50, 180);
      // At the edge of the best one may stand for another that is as good.
      var both = new HashSet<>(sources(kept));
      both.retainAll(sources(read));
      assertThat(both.size()).isGreaterThanOrEqualTo(read.size() * 9 / 10);
      assertThat(matches(kept, both)).isEqualTo(matches(read, both));
    }
  }

  private static Set<String> sources(List<Hit> candidates) {
    return candidates.stream().map(Hit::sourceId).collect(Collectors.toSet());
  }

  private static Map<String, Integer> matches(List<Hit> candidates, Set<String> sources) {
    return candidates.stream()
        .filter(each -> sources.contains(each.sourceId()))
        .collect(Collectors.toMap(Hit::sourceId, Hit::matchedTerms));
  }

  @Test
  void aThreadAnswersAsTheDatabaseDoes() throws Exception {
    thread.say("assistant", "Noted. Turin sends its gears by rail. ".repeat(60));
    assertThat(thread.recalled("rail", 1)).as("indexed").hasSize(1);
    var scope = keep(thread);

    var kept = in(keeping, scope, SPARE);
    var read = in(reading, scope, SPARE);

    assertThat(kept).hasSameSizeAs(read).hasSizeGreaterThan(4);
    for (int i = 0; i < kept.size(); i++) {
      var one = kept.get(i);
      var other = read.get(i);
      assertThat(one.similarity()).isCloseTo(other.similarity(), within(0.004));
      assertThat(one.withSimilarity(null)).isEqualTo(other.withSimilarity(null));
    }
  }

  @Test
  void lossesAreNotedUntilEveryNodeHasSeenThem() {
    assertThat(user.delete(thread.path() + "/memory").status()).isEqualTo(200);
    assertThat(losses()).isEqualTo(1);

    index.maintain();
    index.maintain();
    assertThat(losses()).isEqualTo(1);

    jdbc.update(
        "UPDATE memory_losses SET seen = seen - interval '61 minutes' WHERE thread_id = ?",
        thread.id());
    index.maintain();
    assertThat(losses()).isZero();
  }

  private int losses() {
    return jdbc.one(
            "SELECT count(*) AS losses FROM memory_losses WHERE thread_id = ?",
            row -> row.integer("losses"),
            thread.id())
        .orElseThrow();
  }

  private MemoryIndex node(RecallConfig config) {
    return new MemoryIndex(jdbc, embeddings, config, InstantSource.system());
  }

  private MemoryScope keep(MemoryThread which) throws Exception {
    return keep(new MemoryScope.OfThread(project(), new ThreadId(which.id())));
  }

  /** Searches a scope until it is in the heap: then a search takes one statement. */
  private MemoryScope keep(MemoryScope scope) throws Exception {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              long before = jdbc.statements();
              in(keeping, scope, SPARE);
              return jdbc.statements() - before == 1;
            });
    assertThat(keeping.heapEntries()).isPositive();
    return scope;
  }

  private MemoryScope scopeOfUser(MemoryThread which) {
    return new MemoryScope.OfUser(project(), userOf(which.id()));
  }

  private ProjectId project() {
    return new ProjectId(of("project_id", thread.id()));
  }

  private String userOf(String id) {
    return of("metadata ->> 'user'", id);
  }

  private String of(String column, String id) {
    return jdbc.one(
            "SELECT %s AS value FROM threads WHERE id = ?".formatted(column),
            row -> row.text("value"),
            id)
        .orElseThrow();
  }

  private List<String> idsNow(MemoryScope scope) {
    try {
      return ids(keeping, scope, SPARE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> ids(MemoryIndex node, MemoryScope scope, String query)
      throws InterruptedException {
    return in(node, scope, query).stream().map(Hit::sourceId).toList();
  }

  private List<Hit> in(MemoryIndex node, MemoryScope scope, String query)
      throws InterruptedException {
    return node.search(scope, TextQuery.of(query), QueryVector.of(query, embeddings)).hits();
  }
}
