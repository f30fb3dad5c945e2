package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Each request has its own caller. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class CallersTest {
  private static final int PROJECTS = 8;
  private static final int REQUESTS = 60;

  @Test
  void callersOfDifferentProjectsAtOnceEachSeeTheirOwnOnly() throws Exception {
    // Given
    var callers = IntStream.range(0, PROJECTS).mapToObj(_ -> ApiClient.stranger()).toList();
    var threads = callers.stream().map(api -> api.post("/v1/threads", "{}").id()).toList();

    // When
    var wrong = new ArrayList<String>();
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var work = new ArrayList<Callable<List<String>>>();
      for (int i = 0; i < PROJECTS; i++) {
        var api = callers.get(i);
        var own = threads.get(i);
        work.add(() -> listedBut(api, own));
      }
      for (var done : pool.invokeAll(work)) {
        wrong.addAll(done.get());
      }
    }

    // Then
    assertThat(wrong).isEmpty();
  }

  /** The threads in the lists of a project that are not its own. */
  private static List<String> listedBut(ApiClient api, String own) {
    var wrong = new ArrayList<String>();
    for (int i = 0; i < REQUESTS; i++) {
      var listed = api.get("/v1/threads").json().path("data").findValuesAsText("id");
      if (!listed.equals(List.of(own))) {
        wrong.add(own + " saw " + listed);
      }
    }
    return wrong;
  }
}
