package dev.threadmill.db.signals;

import dev.threadmill.db.Jdbc;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.BackPressureStrategy;
import io.smallrye.reactive.messaging.connector.InboundConnector;
import io.smallrye.reactive.messaging.connector.OutboundConnector;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Provider;
import java.util.Optional;
import java.util.concurrent.Flow;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.spi.Connector;

/**
 * Carries signals through Postgres, by LISTEN and NOTIFY, for nodes without a broker.
 *
 * <p>NOTIFY is never part of a run's transaction: its commit takes a lock that all notifying
 * transactions share, so commits of runs would wait for each other. Notifications go out in
 * transactions of their own, one for all that wait.
 */
@ApplicationScoped
@Connector(NotifyConnector.NAME)
class NotifyConnector implements InboundConnector, OutboundConnector {
  static final String NAME = "threadmill-notify";

  /** The channel in Postgres, one for each database. */
  static final String CHANNEL = "threadmill_signals";

  /** How many received messages may wait. What comes beyond is dropped, followed by a resync. */
  static final int MAX_WAITING = 1_024;

  private final NotifyListener listener;
  private final NotifySender sender;
  private final Provider<Signals> signals;

  NotifyConnector(
      Jdbc jdbc,
      Provider<Signals> signals,
      @ConfigProperty(name = "quarkus.datasource.jdbc.url") String url,
      @ConfigProperty(name = "quarkus.datasource.username") Optional<String> user,
      @ConfigProperty(name = "quarkus.datasource.password") Optional<String> password) {
    this.listener = new NotifyListener(url, user, password, () -> signals.get().listening());
    this.sender = new NotifySender(jdbc);
    this.signals = signals;
  }

  @Override
  public Flow.Publisher<? extends Message<?>> getPublisher(Config config) {
    return Multi.createFrom()
        .<Message<String>>emitter(
            emitter ->
                listener.start(
                    new BoundedReceiver(
                        MAX_WAITING, emitter::emit, () -> signals.get().listening())),
            BackPressureStrategy.BUFFER);
  }

  @Override
  public Flow.Subscriber<? extends Message<?>> getSubscriber(Config config) {
    return sender;
  }

  @PreDestroy
  void close() {
    listener.close();
    sender.close();
  }
}
