package dev.threadmill.runs.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.MessageId;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.runs.context.ThreadMessageCache.CachedMessages;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is kept of a thread that was read. */
class ThreadMessageCacheTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /** Five messages, a second apart, the newest at second four. */
  private final CachedMessages whole =
      new CachedMessages(
          IntStream.of(4, 3, 2, 1, 0).mapToObj(ThreadMessageCacheTest::said).toList(), 7, true);

  @Test
  void allThatWasSaidBeforeATimeIsTheWholeThreadUpToThen() {
    var older = whole.before(BEGIN.plusSeconds(3), 10);

    assertThat(seconds(older)).containsExactly(2L, 1L, 0L);
    assertThat(older.isWhole()).isTrue();
    assertThat(older.deletions()).isEqualTo(7);
  }

  @Test
  void ofMoreThanIsKeptTheNewestAreKeptAndTheRestIsKnownToBeMissing() {
    var newest = whole.before(BEGIN.plusSeconds(4), 2);

    assertThat(seconds(newest)).containsExactly(3L, 2L);
    assertThat(newest.isWhole()).isFalse();
  }

  @Test
  void whatWasNotReadToItsBeginningIsNotWhole() {
    var cut = new CachedMessages(whole.newestFirst(), 7, false);

    assertThat(cut.before(BEGIN.plusSeconds(9), 10).isWhole()).isFalse();
  }

  private static List<Long> seconds(CachedMessages known) {
    return known.newestFirst().stream()
        .map(said -> said.at().getEpochSecond() - BEGIN.getEpochSecond())
        .toList();
  }

  private static MessageEntry said(int second) {
    return new MessageEntry(
        new MessageId("msg_" + second),
        Message.Role.USER,
        List.of(ContentPart.text("Hello.")),
        BEGIN.plusSeconds(second),
        5,
        0,
        null);
  }
}
