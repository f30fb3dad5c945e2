package dev.threadmill.db.signals;

import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.reactive.messaging.PublisherDecorator;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.jboss.logging.Logger;

/**
 * Delays the channel until the host of a Kafka server can be resolved. Kafka's client retries
 * servers that are down, but fails for good on hosts that cannot be resolved, as those of
 * containers before they start.
 */
@ApplicationScoped
class AwaitKafkaHost implements PublisherDecorator {
  private static final Logger LOG = Logger.getLogger(AwaitKafkaHost.class);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);

  private final Optional<List<String>> servers;

  AwaitKafkaHost(
      @ConfigProperty(name = "threadmill.signals.kafka") Optional<List<String>> servers) {
    this.servers = servers;
  }

  @Override
  public Multi<? extends Message<?>> decorate(
      Multi<? extends Message<?>> publisher, List<String> channels, boolean isConnector) {
    if (!isConnector || servers.isEmpty() || !channels.contains("signals-in")) {
      return publisher;
    }
    return Uni.createFrom()
        .completionStage(this::resolved)
        .onItem()
        .transformToMulti(_ -> publisher);
  }

  private CompletableFuture<Boolean> resolved() {
    var resolved = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .name("kafka-name")
        .start(
            () -> {
              boolean warned = false;
              while (servers.get().stream().noneMatch(AwaitKafkaHost::isResolvable)) {
                if (!warned) {
                  LOG.warnf(
                      "no host in THREADMILL_KAFKA can be resolved servers=%s", servers.get());
                  warned = true;
                }
                LockSupport.parkNanos(RETRY_DELAY.toNanos());
              }
              resolved.complete(true);
            });
    return resolved;
  }

  private static boolean isResolvable(String server) {
    var host = server.strip().replaceFirst(":\\d+$", "").replaceAll("^\\[|]$", "");
    try {
      return InetAddress.getByName(host) != null;
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
