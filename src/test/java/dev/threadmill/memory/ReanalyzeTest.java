package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entries of an earlier release, whose terms are English stems alone. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ReanalyzeTest {
  private static final String GERMAN = "Wir haben die Häuser unserer Nachbarn gekauft.";

  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;

  @Test
  void anOldEntryIsFoundBeforeAndAfterItIsAnalyzedAgain() {
    var thread = oldEntry(GERMAN, 0);
    assertThat(thread.recalled("nachbarn", 1)).containsExactly(GERMAN);
    assertThat(terms(thread)).doesNotContain("haus");
    long written = written(thread);

    analyzeAll();

    assertThat(terms(thread)).contains("haus", "nachbarn");
    assertThat(version(thread)).isEqualTo(TermAnalyzer.VERSION);
    assertThat(written(thread)).isGreaterThan(written);
    assertThat(thread.recalled("nachbarn", 1)).containsExactly(GERMAN);
  }

  @Test
  void anOldEntryWithTheSameTermsIsNotWritten() {
    var thread = oldEntry("We prolonged the contracts with our neighbours.", 0);
    long written = written(thread);

    analyzeAll();

    assertThat(written(thread)).isEqualTo(written);
    assertThat(version(thread)).isZero();
  }

  @Test
  void anEntryThatAnOldNodeWritesDuringAnUpgradeIsAnalyzedAgainAtAnyTime() {
    analyzeAll();
    var thread = oldEntry(GERMAN, null);

    new Reanalyze(jdbc).nextBatch();

    assertThat(terms(thread)).contains("haus");
    assertThat(version(thread)).isEqualTo(TermAnalyzer.VERSION);
  }

  /** A thread with one message, whose entry has base forms only. */
  private MemoryThread oldEntry(String text, Integer version) {
    var thread = MemoryThread.of(user, List.of(text));
    assertThat(thread.memory(text, 1).path("pending").asInt()).isZero();
    jdbc.update(
        "UPDATE memory_index SET terms = array_to_tsvector(?), analyzer = ? WHERE thread_id = ?",
        TermAnalyzer.terms(text).stream().map(TermAnalyzer.Term::base).distinct().toList(),
        version,
        thread.id());
    return thread;
  }

  private void analyzeAll() {
    jdbc.update("DELETE FROM memory_reanalysis");
    var reanalyze = new Reanalyze(jdbc);
    while (reanalyze.nextBatch() > 0) {
      // Until no entry is left.
    }
  }

  private List<String> terms(MemoryThread thread) {
    return List.of(
        of(thread, "array_to_string(tsvector_to_array(terms), ' ')", String.class).split(" "));
  }

  private int version(MemoryThread thread) {
    return of(thread, "analyzer", Integer.class);
  }

  private long written(MemoryThread thread) {
    return Long.parseLong(of(thread, "written::text", String.class));
  }

  private <T> T of(MemoryThread thread, String column, Class<T> type) {
    return jdbc.one(
            "SELECT %s AS value FROM memory_index WHERE thread_id = ?".formatted(column),
            row -> type.cast(type == Integer.class ? row.integer("value") : row.text("value")),
            thread.id())
        .orElseThrow();
  }
}
