package dev.threadmill.models.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.WorkOwner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelPaceTest {
  private final AtomicLong now = new AtomicLong();
  private final ModelPace pace = new ModelPace(now::get);
  private final BlockingQueue<Entered> entered = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();

  private record Entered(String owner, ModelPace.Place place) {}

  @AfterEach
  void end() {
    threads.forEach(Thread::interrupt);
  }

  private ModelPace.Place enter(String owner) throws InterruptedException {
    now.incrementAndGet();
    return WorkOwner.<ModelPace.Place, InterruptedException>call(
        owner, () -> pace.enter().orElseThrow());
  }

  /** Enters on a thread of its own, which waits until there is a place. */
  private void request(String owner) {
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    entered.add(new Entered(owner, enter(owner)));
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    threads.add(thread);
    await().until(() -> thread.getState() != Thread.State.RUNNABLE);
  }

  private List<ModelPace.Place> places(String owner, int count) throws InterruptedException {
    var places = new ArrayList<ModelPace.Place>();
    for (int i = 0; i < count; i++) {
      places.add(enter(owner));
    }
    return places;
  }

  @Test
  void nothingIsBoundedUntilTheProviderLimitsTheRate() throws InterruptedException {
    places("a", 500);

    assertThat(pace.share("a")).isEmpty();
  }

  @Test
  void aLimitHalvesTheBoundOnceForAllCallsThatWereInProgress() throws InterruptedException {
    var places = places("a", 16);

    places.forEach(place -> place.end(ModelPace.Outcome.LIMITED));

    assertThat(pace.share("a")).contains(8);
    // Another project has an equal share as soon as it calls.
    enter("b");
    enter("a");
    assertThat(pace.share("a")).contains(4);
    assertThat(pace.share("b")).contains(4);
  }

  @Test
  void aBusyProjectDoesNotKeepOthersFromTheirShare() throws InterruptedException {
    var places = places("busy", 8);
    places.removeFirst().end(ModelPace.Outcome.LIMITED);
    for (int i = 0; i < 5; i++) {
      request("busy");
    }
    request("other");

    // Four of seven places remain: three calls end without a successor, then the other is first.
    for (int i = 0; i < 3; i++) {
      places.removeFirst().end(ModelPace.Outcome.FAILED);
    }
    assertThat(entered).isEmpty();
    places.removeFirst().end(ModelPace.Outcome.FAILED);

    assertThat(entered.poll(5, TimeUnit.SECONDS)).extracting(Entered::owner).isEqualTo("other");
  }

  @Test
  void successesRaiseTheBoundAndAMinuteWithoutALimitRemovesIt() throws InterruptedException {
    var places = places("a", 4);
    places.removeFirst().end(ModelPace.Outcome.LIMITED);
    assertThat(pace.share("a")).contains(2);

    places.forEach(place -> place.end(ModelPace.Outcome.SUCCEEDED));
    enter("a").end(ModelPace.Outcome.SUCCEEDED);
    assertThat(pace.share("a")).hasValueSatisfying(calls -> assertThat(calls).isGreaterThan(2));

    now.addAndGet(Duration.ofSeconds(61).toNanos());
    assertThat(pace.share("a")).isEmpty();
  }

  @Test
  void aCallThatStopsWaitingTakesNoPlace() throws InterruptedException {
    var places = places("a", 2);
    places.removeFirst().end(ModelPace.Outcome.LIMITED);
    request("a");

    threads.getFirst().interrupt();
    threads.getFirst().join();
    places.removeFirst().end(ModelPace.Outcome.SUCCEEDED);

    assertThat(entered).isEmpty();
    enter("a").end(ModelPace.Outcome.SUCCEEDED);
  }
}
