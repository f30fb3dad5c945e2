package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.StreamedText;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LiveEventLogTest {
  private static final String MEGABYTE = "x".repeat(1_000_000);

  private final AtomicInteger journalWork = new AtomicInteger();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final LiveEventLog log =
      new LiveEventLog(EventId.START, false, journalWork::incrementAndGet, stopped::get);

  private static StreamEvent delta(String text) {
    var target = new DeltaTarget(StreamedText.MESSAGE, 1, 0);
    return new StreamEvent(RunEvent.Delta.of(target, text), "delta", text);
  }

  private void publish(int count, String text) {
    for (int i = 0; i < count; i++) {
      log.publish(delta(text));
    }
  }

  private void journalAll() {
    for (var next = log.unjournaled(); !next.frames().isEmpty(); next = log.unjournaled()) {
      log.journaled(next.upTo());
    }
  }

  private List<Integer> inMemory(int published) {
    return IntStream.range(0, published).filter(i -> log.publishedAt(i) != null).boxed().toList();
  }

  @Test
  void aJournaledLogKeepsFewEventsForReadersThatJoin() {
    log.startJournaling();
    publish(5_000, "word ");

    journalAll();

    assertThat(inMemory(5_000)).hasSizeBetween(128, 256).last().isEqualTo(4_999);
  }

  @Test
  void aReaderThatLagsKeepsNoMoreThanAFewThousandEvents() {
    log.addReader(() -> {}, () -> 0);
    log.startJournaling();
    publish(8_000, "word ");

    journalAll();

    assertThat(inMemory(8_000)).hasSizeBetween(2_048, 2_200);
  }

  @Test
  void longTextsAreBoundedByTheirLengthHoweverFarAReaderLags() {
    log.addReader(() -> {}, () -> 0);
    log.startJournaling();

    for (int i = 0; i < 50; i++) {
      publish(1, MEGABYTE);
      journalAll();
    }

    assertThat(inMemory(50)).hasSizeBetween(1, 2).last().isEqualTo(49);
  }

  @Test
  void anUncommittedLogThatBecomesLongIsJournaled() {
    publish(1, "short");
    assertThat(journalWork).hasValue(0);

    publish(2, MEGABYTE);

    assertThat(journalWork.get()).isPositive();
    assertThat(log.publishedAt(2)).as("published at once").isNotNull();
  }

  @Test
  void readersHaveAnEventBeforeTheJournalAndThoseOfTheDatabaseBehindIt() {
    var woken = new AtomicInteger();
    var wokenForDatabase = new AtomicInteger();
    log.addReader(woken::incrementAndGet, () -> 0);
    log.addDatabaseReader(wokenForDatabase::incrementAndGet);

    publish(1, "word");

    assertThat(log.publishedAt(0)).isNotNull();
    assertThat(woken).hasValue(1);
    assertThat(wokenForDatabase).hasValue(0);
    journalAll();
    assertThat(woken).as("nothing new for readers in memory").hasValue(1);
    assertThat(wokenForDatabase).hasValue(1);
  }

  @Test
  void anEventThatHasToBeJournaledFirstHoldsUpThoseBehindIt() {
    publish(1, "word");
    log.publishAfterJournal(delta("output"));
    publish(1, "word");

    assertThat(inMemory(3)).containsExactly(0);
    journalAll();
    assertThat(inMemory(3)).containsExactly(0, 1, 2);
    publish(1, "word");
    assertThat(log.publishedAt(3)).isNotNull();
  }

  @Test
  void aRunWithExactReplaysIsJournaledFirst() {
    var exact = new LiveEventLog(EventId.START, true, journalWork::incrementAndGet, stopped::get);
    exact.startJournaling();

    exact.publish(delta("word"));

    assertThat(exact.publishedAt(0)).isNull();
    exact.journaled(exact.unjournaled().upTo());
    assertThat(exact.publishedAt(0)).isNotNull();
  }

  @Test
  void aRunThatIsFasterThanTheJournalWaitsForIt() {
    log.startJournaling();
    var published = new AtomicInteger();
    var run =
        Thread.startVirtualThread(
            () -> {
              for (int i = 0; i < 6; i++) {
                publish(1, MEGABYTE);
                published.incrementAndGet();
              }
            });
    await().untilAsserted(() -> assertThat(published).hasValue(4));
    await().until(() -> run.getState() == Thread.State.WAITING);

    journalAll();

    await().untilAsserted(() -> assertThat(published).hasValue(6));
  }

  @Test
  void aRunThatIsStoppedWaitsForNoJournal() {
    log.startJournaling();
    var run = Thread.startVirtualThread(() -> publish(20, MEGABYTE));
    await().until(() -> run.getState() == Thread.State.WAITING);

    stopped.set(true);
    log.stopWaiting();

    await().until(() -> !run.isAlive());
  }

  @Test
  void evictedEventsAreStillToBeCommitted() {
    log.startJournaling();
    publish(5_000, "word ");
    journalAll();

    assertThat(EventLog.format(log.uncommitted())).isEqualTo("d1:25000 ");
    log.publishCommitted(List.of(delta("end")));
    assertThat(log.uncommitted()).isEmpty();
  }

  @Test
  void aReaderWhoseEventsWereEvictedHasToReadTheDatabase() {
    log.startJournaling();
    publish(5_000, "word ");
    journalAll();

    assertThat(log.publishedAfter(EventId.START)).isNull();
    var kept = inMemory(5_000);
    var position = log.publishedAt(kept.getFirst()).id();
    assertThat(log.publishedAfter(position).frames()).hasSize(kept.size());
  }
}
