package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.sandbox.ProgramCage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In which order the documents of several projects are read. */
class FairExtractionTest {
  private static final ProjectId MANY = new ProjectId("proj_" + "a".repeat(24));
  private static final ProjectId FEW = new ProjectId("proj_" + "b".repeat(24));

  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

  @TempDir Path folder;

  private final List<String> order = Collections.synchronizedList(new ArrayList<>());
  private final List<ExtractionException> failures =
      Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> readers = new ArrayList<>();

  @Test
  void projectsTakeTurnsHoweverManyDocumentsOneHas() throws Exception {
    // A pipe is not read before something is written to it, so its reader ends with its time.
    var pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    var pool =
        new WorkerPool(
            ExtractionSettings.usual(), () -> new ProgramCage.Found.Unusable("none in tests"));
    read(pool, MANY, "first", pipe, Duration.ofSeconds(3));
    for (int n = 1; n <= 3; n++) {
      read(pool, MANY, "many " + n, page(n), LONG_ENOUGH);
    }
    read(pool, FEW, "few", page(9), LONG_ENOUGH);

    for (var reader : readers) {
      reader.join();
    }
    pool.close();

    assertThat(order).containsExactly("first", "many 1", "few", "many 2", "many 3");
  }

  @Test
  void documentsThatWaitWhenTheServerStopsAreNotReadAndTheirReadersGoOn() throws Exception {
    var pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    var pool =
        new WorkerPool(
            ExtractionSettings.usual(), () -> new ProgramCage.Found.Unusable("none in tests"));
    read(pool, MANY, "first", pipe, LONG_ENOUGH);
    read(pool, MANY, "second", page(1), LONG_ENOUGH);
    read(pool, FEW, "third", page(2), LONG_ENOUGH);

    pool.close();

    for (var reader : readers) {
      assertThat(reader.join(Duration.ofSeconds(20))).isTrue();
    }
    assertThat(order).containsExactlyInAnyOrder("first", "second", "third");
    assertThat(failures)
        .hasSize(3)
        .allMatch(failure -> failure.code() == ExtractionException.Code.SERVER_ERROR);
  }

  private Path page(int number) throws Exception {
    // Long enough for a reader to note its end before the next one ends.
    return Files.writeString(folder.resolve(number + ".html"), "<p>page</p>".repeat(40_000));
  }

  /** Returns when the document waits for its turn, or is being read. */
  private void read(WorkerPool pool, ProjectId project, String name, Path file, Duration timeout) {
    var request = new Frames.Request(file.toString(), "a.html", "", 1_000_000, 0, 60_000);
    var reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    pool.read(project, request, timeout);
                  } catch (ExtractionException e) {
                    failures.add(e);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  order.add(name);
                });
    readers.add(reader);
    Awaitility.await().until(() -> reader.getState() == Thread.State.WAITING);
  }
}
