package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A node with little memory, to which more is sent at the same time than its heap could hold. One
 * after the other it is all done.
 */
@Timeout(300)
class ManyLargePromptsTest {
  private static final int THREADS = 6;
  private static final int IMAGES_OF_A_THREAD = 4;
  private static final int IMAGE = 9 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Cluster cluster = Cluster.of(1).withoutIndexing();
  private final ServerProcess node = cluster.node(0).withJvmOption("-Xmx400m");
  private ApiClient user;
  private String assistant;

  @BeforeEach
  void start() {
    cluster.start();
    user = cluster.api(node);
    assistant = user.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
  }

  @AfterEach
  void end() {
    cluster.close();
  }

  @Test
  void bodiesAndPromptsWaitForRoomAndNoneIsLost() {
    var threads = IntStream.range(0, THREADS).mapToObj(_ -> thread()).toList();
    var posts = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < THREADS * IMAGES_OF_A_THREAD; i++) {
      var path = threads.get(i % THREADS) + "/messages";
      posts.add(() -> user.post(path, image()).status());
    }
    assertThat(atOnce(posts)).containsOnly(200);

    cluster.provider().otherwise(_ -> Reply.text("Seen."));
    var runs = atOnce(threads.stream().<Callable<String>>map(path -> () -> run(path)).toList());

    for (var run : runs) {
      await().atMost(PATIENCE).until(() -> status(run), "completed"::equals);
    }
    assertThat(node.isAlive()).isTrue();
  }

  @Test
  void aRunThatWaitsForRoomCanBeCancelledAndMakesWay() {
    var threads = IntStream.range(0, 3).mapToObj(_ -> thread()).toList();
    for (var path : threads) {
      for (int i = 0; i < IMAGES_OF_A_THREAD / 2; i++) {
        assertThat(user.post(path + "/messages", image()).status()).isEqualTo(200);
      }
    }
    var gate = new ReplyGate();
    cluster.provider().otherwise(_ -> Reply.text("Seen.").withGate(gate));
    var first = run(threads.getFirst());
    await().atMost(PATIENCE).until(() -> cluster.provider().requests().size() == 1);
    var second = run(threads.get(1));
    var third = run(threads.getLast());

    await().atMost(PATIENCE).until(() -> status(second), "in_progress"::equals);
    assertThat(user.post(second + "/cancel", null).status()).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> status(second), "cancelled"::equals);
    assertThat(status(third)).isEqualTo("in_progress");
    assertThat(cluster.provider().requests()).hasSize(1);
    gate.open();

    for (var run : List.of(first, third)) {
      await().atMost(PATIENCE).until(() -> status(run), "completed"::equals);
    }
  }

  private String thread() {
    return "/v1/threads/" + user.post("/v1/threads", "{}").id();
  }

  private String run(String path) {
    var run = user.post(path + "/runs", "{\"assistant_id\": \"" + assistant + "\"}");
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    return path + "/runs/" + run.id();
  }

  private String status(String run) {
    return user.get(run).json().path("status").asText();
  }

  private static String image() {
    var message = JsonNodeFactory.instance.objectNode().put("role", "user");
    message
        .putArray("content")
        .addObject()
        .put("type", "image_url")
        .putObject("image_url")
        .put("url", "data:image/png;base64," + "iVBORw0K".repeat(IMAGE / 8));
    return message.toString();
  }

  private static <T> List<T> atOnce(List<Callable<T>> work) {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var results = new ArrayList<T>();
      for (var done : threads.invokeAll(work)) {
        results.add(done.get());
      }
      return results;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
