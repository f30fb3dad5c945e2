package dev.threadmill.db;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.agroal.api.AgroalPoolInterceptor;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A connection that comes back broken is seldom the only one: the database was restarted, or a
 * network between went away. So all that are idle are looked at, before they are met one by one.
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
