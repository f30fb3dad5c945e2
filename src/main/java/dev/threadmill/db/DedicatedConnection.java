package dev.threadmill.db;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * One connection beside the pool, for what must not wait until requests let go of theirs, such as a
 * node's sign of life. One caller at a time; each statement is a transaction. It is opened at the
 * first use, and again after it broke.
 */
@ApplicationScoped
public class DedicatedConnection {
  private static final Logger LOG = Logger.getLogger(DedicatedConnection.class);
  private static final String TIMEOUT_SECONDS = "5";

  private final String url;
  private final Properties properties = new Properties();
  private final LongAdder statements = new LongAdder();
  private Connection connection;

  DedicatedConnection(
      @ConfigProperty(name = "quarkus.datasource.jdbc.url") String url,
      @ConfigProperty(name = "quarkus.datasource.username") Optional<String> user,
      @ConfigProperty(name = "quarkus.datasource.password") Optional<String> password) {
    this.url = url;
    user.ifPresent(value -> properties.setProperty("user", value));
    password.ifPresent(value -> properties.setProperty("password", value));
    properties.setProperty("ApplicationName", "threadmill sign of life");
    properties.setProperty("connectTimeout", TIMEOUT_SECONDS);
    properties.setProperty("loginTimeout", TIMEOUT_SECONDS);
    properties.setProperty("socketTimeout", TIMEOUT_SECONDS);
  }

  /**
   * Does the work on the connection, each statement a transaction of its own. A connection that
   * broke since the last use is replaced, and the work done again.
   *
   * @throws DatabaseException if a statement is refused, or the database cannot be reached
   */
  public synchronized <T> T execute(Function<Tx, T> work) {
    boolean used = connection != null;
    try {
      return executeOnce(work);
    } catch (DatabaseException e) {
      if (!e.isOutage()) {
        throw e;
      }
      close();
      if (used) {
        return executeOnce(work);
      }
      throw e;
    }
  }

  private <T> T executeOnce(Function<Tx, T> work) {
    try {
      if (connection == null) {
        connection = new org.postgresql.Driver().connect(url, properties);
      }
      return work.apply(new Tx(connection, statements));
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  @PreDestroy
  synchronized void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        LOG.debugf("a broken connection did not close well cause=%s", e.getMessage());
      }
      connection = null;
    }
  }
}
