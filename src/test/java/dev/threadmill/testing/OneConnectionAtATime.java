package dev.threadmill.testing;

import io.agroal.api.AgroalPoolInterceptor;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Refuses a second connection to a virtual thread that still holds one, in all tests that run the
 * server in their own process: under load such threads wait for each other. All that serves
 * requests and runs is done on virtual threads; migrations, and tests that want all connections for
 * themselves, are on others.
 */
@Singleton
public class OneConnectionAtATime implements AgroalPoolInterceptor {
  private static final Logger LOG = Logger.getLogger(OneConnectionAtATime.class);

  /** Where the connection was taken that a thread holds. */
  private final Map<Thread, Throwable> holders = new ConcurrentHashMap<>();

  @Override
  public void onConnectionAcquire(Connection connection) {
    var thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return;
    }
    var first = holders.putIfAbsent(thread, new Throwable("the first one was taken here"));
    if (first != null) {
      var refused = new IllegalStateException("a second connection", first);
      LOG.error("a thread holds a connection and wants another one", refused);
      throw refused;
    }
  }

  @Override
  public void onConnectionReturn(Connection connection) {
    holders.remove(Thread.currentThread());
  }
}
