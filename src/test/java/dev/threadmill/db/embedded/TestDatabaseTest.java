package dev.threadmill.db.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.PostgresResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
class TestDatabaseTest {
  @Inject AgroalDataSource database;

  @Test
  void isPostgres17WithTheRealPgvectorInAnOddTimeZone() throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      try (var row =
          statement.executeQuery(
              """
              SELECT version(), current_setting('TimeZone'),
                     EXISTS (SELECT 1 FROM pg_am WHERE amname = 'hnsw'),
                     '[1,0]'::vector <=> '[0,1]'
              """)) {
        row.next();
        assertThat(row.getString(1)).startsWith("PostgreSQL 17.");
        assertThat(row.getString(2)).isEqualTo(PostgresResource.TIME_ZONE);
        assertThat(row.getBoolean(3)).isTrue();
        assertThat(row.getDouble(4)).isEqualTo(1);
      }
    }
  }
}
