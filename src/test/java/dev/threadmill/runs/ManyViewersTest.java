package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class ManyViewersTest {
  private static final int VIEWERS = 1_000;
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  private final Vertx vertx = Vertx.vertx();
  FakeProvider provider;

  @AfterEach
  void tearDown() {
    gate.open();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void aThousandViewersOfOneRunAllReceiveItsEndOnce() throws Exception {
    var model = "watched-" + System.identityHashCode(gate);
    provider.replyTo(model, Reply.text("the same for all").withGate(gate));
    gate.release(2);
    var conversation = Conversation.of(user, model, "Go.");
    var run = conversation.run();
    var client =
        vertx.createHttpClient(new HttpClientOptions().setMaxPoolSize(VIEWERS).setKeepAlive(false));

    var watching = new AtomicInteger();
    List<Future<String>> viewers = new ArrayList<>();
    for (int i = 0; i < VIEWERS; i++) {
      viewers.add(watch(client, conversation.path(run) + "/events", watching));
    }
    await().atMost(LONG_ENOUGH).until(() -> watching.get() == VIEWERS);
    gate.open();

    for (var viewer : viewers) {
      var seen = viewer.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
      assertThat(seen).containsOnlyOnce("event: thread.run.created\n");
      assertThat(seen).containsOnlyOnce("event: thread.run.completed\n");
      assertThat(seen).containsOnlyOnce("event: done\n").endsWith("data: [DONE]\n\n");
    }
  }

  /** What one viewer receives; counts the viewer at its first event. */
  private static Future<String> watch(HttpClient client, String path, AtomicInteger watching) {
    var key = ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class);
    var options =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setAbsoluteURI(ApiClient.base() + path)
            .putHeader("Authorization", "Bearer " + key);
    return client
        .request(options)
        .compose(request -> request.send())
        .compose(
            response -> {
              var seen = new StringBuilder();
              response.handler(
                  bytes -> {
                    if (seen.isEmpty()) {
                      watching.incrementAndGet();
                    }
                    seen.append(bytes);
                  });
              return response.end().map(_ -> seen.toString());
            });
  }
}
