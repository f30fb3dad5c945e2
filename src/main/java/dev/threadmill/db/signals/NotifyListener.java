package dev.threadmill.db.signals;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.postgresql.PGConnection;

/** Listens for notifications on a connection of its own, and reconnects when it breaks. */
final class NotifyListener {
  private static final Logger LOG = Logger.getLogger(NotifyListener.class);

  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(10);
  private static final int VALIDATION_TIMEOUT_SECONDS = 5;
  private static final Duration MIN_BACKOFF = Duration.ofMillis(100);
  private static final Duration MAX_BACKOFF = Duration.ofSeconds(5);

  private final String url;
  private final Properties properties = new Properties();
  private final Runnable onListening;
  private volatile boolean closed;
  private volatile Thread thread;
  private volatile Connection connection;
  private boolean failing;

  /**
   * @param onListening runs each time it starts to listen: earlier notifications were missed
   */
  NotifyListener(
      String url, Optional<String> user, Optional<String> password, Runnable onListening) {
    this.url = url;
    this.onListening = onListening;
    user.ifPresent(value -> properties.setProperty("user", value));
    password.ifPresent(value -> properties.setProperty("password", value));
    properties.setProperty("ApplicationName", "threadmill signals");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("loginTimeout", "10");
    properties.setProperty("tcpKeepAlive", "true");
  }

  void start(Consumer<String> listener) {
    thread = Thread.ofPlatform().daemon().name("listen").start(() -> listen(listener));
  }

  void close() {
    closed = true;
    var open = connection;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        LOG.debugf("closing the listening connection failed cause=%s", e.getMessage());
      }
    }
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  private void listen(Consumer<String> listener) {
    var wait = MIN_BACKOFF;
    while (!closed) {
      try (var open = new org.postgresql.Driver().connect(url, properties)) {
        connection = open;
        try (var statement = open.createStatement()) {
          statement.execute("LISTEN " + NotifyConnector.CHANNEL);
        }
        wait = MIN_BACKOFF;
        listening();
        forward(open, listener);
      } catch (SQLException | RuntimeException e) {
        disconnected(e);
        LockSupport.parkNanos(wait.toNanos());
        wait = wait.multipliedBy(2).compareTo(MAX_BACKOFF) < 0 ? wait.multipliedBy(2) : MAX_BACKOFF;
      }
    }
  }

  private void forward(Connection open, Consumer<String> listener) throws SQLException {
    var notifications = open.unwrap(PGConnection.class);
    while (!closed) {
      var received = notifications.getNotifications((int) POLL_TIMEOUT.toMillis());
      if (received == null || received.length == 0) {
        if (!open.isValid(VALIDATION_TIMEOUT_SECONDS)) {
          throw new SQLException("the connection does not answer");
        }
        continue;
      }
      for (var notification : received) {
        listener.accept(notification.getParameter());
      }
    }
  }

  private void listening() {
    if (failing) {
      failing = false;
      LOG.info("listening for signals again");
    }
    onListening.run();
  }

  private void disconnected(Exception cause) {
    if (!closed && !failing) {
      failing = true;
      LOG.warnf("not listening for signals, polling instead cause=%s", cause.getMessage());
    }
  }
}
