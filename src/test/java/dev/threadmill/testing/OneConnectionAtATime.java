package dev.threadmill.testing;

import io.agroal.api.AgroalPoolInterceptor;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Fails a virtual thread that acquires a second database connection while it holds one, in all
 * tests that run the server in their own process: under load such threads deadlock on the pool.
 * Requests and runs use virtual threads only; migrations, and tests that need all connections, use
 * platform threads.
 */
@Singleton
public class OneConnectionAtATime implements AgroalPoolInterceptor {
  private static final Logger LOG = Logger.getLogger(OneConnectionAtATime.class);

  /** The stack trace of the acquisition, by thread. */
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
