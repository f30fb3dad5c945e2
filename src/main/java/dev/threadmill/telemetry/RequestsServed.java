package dev.threadmill.telemetry;

import io.quarkus.virtual.threads.VirtualThreads;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/**
 * Requests are served as long as the executor of requests runs what it is given. If all of its
 * carrier threads are busy or blocked, no request is answered, whatever else of the process is
 * well: then a restart helps.
 */
@Liveness
@Readiness
@ApplicationScoped
class RequestsServed implements AsyncHealthCheck {
  private static final String NAME = "requests are served";
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final ExecutorService requests;
  private final Duration timeout;

  @Inject
  RequestsServed(@VirtualThreads ExecutorService requests) {
    this(requests, TIMEOUT);
  }

  RequestsServed(ExecutorService requests, Duration timeout) {
    this.requests = requests;
    this.timeout = timeout;
  }

  @Override
  public Uni<HealthCheckResponse> call() {
    return Uni.createFrom()
        .completionStage(
            () ->
                CompletableFuture.supplyAsync(() -> HealthCheckResponse.up(NAME), requests)
                    .completeOnTimeout(
                        HealthCheckResponse.down(NAME), timeout.toMillis(), TimeUnit.MILLISECONDS))
        .onFailure()
        .recoverWithItem(() -> HealthCheckResponse.down(NAME));
  }
}
