package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RequestsServedTest {
  @Test
  void anExecutorWhoseThreadsAreAllBlockedIsNotWell() throws InterruptedException {
    try (var requests = Executors.newSingleThreadExecutor()) {
      var check = new RequestsServed(requests, Duration.ofMillis(200));
      assertThat(check.call().await().indefinitely().getStatus()).isEqualTo(Status.UP);

      var release = new CountDownLatch(1);
      requests.submit(
          () -> {
            release.await();
            return null;
          });
      assertThat(check.call().await().indefinitely().getStatus()).isEqualTo(Status.DOWN);

      release.countDown();
      assertThat(check.call().await().indefinitely().getStatus()).isEqualTo(Status.UP);
    }
  }

  @Test
  void anExecutorThatTakesNothingIsNotWell() {
    var requests = Executors.newSingleThreadExecutor();
    requests.shutdown();

    var answer = new RequestsServed(requests, Duration.ofSeconds(5)).call().await().indefinitely();

    assertThat(answer.getStatus()).isEqualTo(Status.DOWN);
  }
}
