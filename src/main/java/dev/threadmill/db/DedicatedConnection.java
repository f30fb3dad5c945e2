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
 * A connection outside of the pool, for statements that must not wait for a pooled one, such as the
 * renewal of a node's lease. Used by one caller at a time; each statement is a transaction. Opened
 * at the first use, and reopened after it broke.
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
   * Does the work on the connection, each statement in a transaction of its own. If the connection
   * broke since the last use, it is replaced and the work repeated.
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
