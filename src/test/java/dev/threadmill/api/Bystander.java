package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.Adler32;

/**
 * The ordinary traffic of a project, one request after the other on each of two threads: runs that
 * are streamed, and small requests. It measures how long they take.
 */
final class Bystander implements AutoCloseable {
  private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();

  private final ApiClient api;
  private final String assistant;
  private final List<Thread> threads = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private final AtomicLong longest = new AtomicLong();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile String longestRequest = "none";
  private long computedNanos;
  private long computations;
  private long bestNanos = Long.MAX_VALUE;
  private volatile boolean isOver;

  /** Starts the traffic of the project of this client. */
  Bystander(ApiClient api) {
    this.api = api;
    this.assistant = api.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    threads.add(Thread.ofPlatform().start(this::measureSlowness));
    threads.add(Thread.ofPlatform().start(() -> repeat(this::streamARun)));
    threads.add(Thread.ofPlatform().start(() -> repeat(this::postAndList)));
  }

  /**
   * How many times as long as at best a computation took since the last call of this method: 1 on a
   * machine that has its cores for the test, more where other programs use them too.
   */
  synchronized double takeSlowness() {
    double slowness = (double) computedNanos / computations / bestNanos;
    computedNanos = 0;
    computations = 0;
    return slowness;
  }

  private void measureSlowness() {
    var bytes = new byte[1 << 20];
    while (!isOver) {
      long before = System.nanoTime();
      var checksum = new Adler32();
      for (int i = 0; i < 5; i++) {
        checksum.update(bytes);
      }
      addComputation(System.nanoTime() - before);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private synchronized void addComputation(long nanos) {
    computedNanos += nanos;
    computations++;
    bestNanos = Math.min(bestNanos, nanos);
  }

  /** The longest duration of a request since the last call of this method. */
  Duration takeLongest() {
    longestRequest = "none";
    return Duration.ofNanos(longest.getAndSet(0));
  }

  /** The path of the request that took longest. */
  String longestRequest() {
    return longestRequest;
  }

  /** Waits until this many further requests have ended. */
  void awaitRequests(int more) {
    int wanted = requests.get() + more;
    await().atMost(Duration.ofSeconds(30)).until(() -> requests.get() >= wanted || failed());
  }

  private synchronized boolean failed() {
    return !faults.isEmpty();
  }

  /** What went wrong so far: answers other than 200, and runs that did not complete. */
  synchronized List<String> faults() {
    return List.copyOf(faults);
  }

  private void repeat(Runnable work) {
    try {
      while (!isOver) {
        work.run();
      }
    } catch (RuntimeException | AssertionError e) {
      synchronized (this) {
        faults.add(e.toString());
      }
    }
  }

  private void streamARun() {
    measured(
        "a streamed run",
        () -> {
          try (var stream =
              api.stream(
                  "/v1/threads/runs",
                  """
                  {"assistant_id": "%s", "stream": true,
                   "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
                  """
                      .formatted(assistant))) {
            assertThat(stream.status()).isEqualTo(200);
            assertThat(stream.rest())
                .anySatisfy(frame -> assertThat(frame.event()).isEqualTo("thread.run.completed"));
          }
        });
  }

  private void postAndList() {
    var thread = new String[1];
    measured(
        "POST /v1/threads",
        () -> {
          var created = api.post("/v1/threads", "{\"metadata\": {\"a\": \"b\"}}");
          assertThat(created.status()).as(created.text()).isEqualTo(200);
          thread[0] = created.id();
        });
    measured("GET assistants", () -> ok(api.get("/v1/assistants")));
    measured("GET messages", () -> ok(api.get("/v1/threads/" + thread[0] + "/messages")));
    measured("GET health", () -> ok(api.get("/q/health/ready")));
  }

  private static void ok(ApiClient.Response answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private void measured(String what, Runnable request) {
    long started = System.nanoTime();
    request.run();
    long took = System.nanoTime() - started;
    requests.incrementAndGet();
    if (longest.accumulateAndGet(took, Math::max) == took) {
      longestRequest = what;
    }
  }

  /** Ends the traffic. */
  @Override
  public void close() {
    isOver = true;
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
