package dev.threadmill.db;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.agroal.api.AgroalPoolInterceptor;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Validates all idle connections when a broken one is returned to the pool: after a restart of the
 * database or a network failure they are usually all broken.
 */
@Singleton
class EvictBrokenConnections implements AgroalPoolInterceptor {
  private final Instance<AgroalDataSource> pool;

  EvictBrokenConnections(Instance<AgroalDataSource> pool) {
    this.pool = pool;
  }

  @Override
  public void onConnectionReturn(Connection connection) {
    try {
      if (connection.isClosed()) {
        pool.get().flush(FlushMode.INVALID);
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }
}
