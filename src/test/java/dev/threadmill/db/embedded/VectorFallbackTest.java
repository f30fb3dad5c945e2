package dev.threadmill.db.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.db.embedded.EmbeddedPostgres.Vector;
import dev.threadmill.testing.PostgresResource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VectorFallbackTest {
  private Path home;

  @BeforeEach
  void makeHome() {
    home = PostgresResource.temporaryHome();
  }

  @AfterEach
  void deleteHome() {
    PostgresResource.delete(home);
  }

  @Test
  void theStandInTakesTheSameStatements() throws Exception {
    try (var postgres = EmbeddedPostgres.start(options().withVector(Vector.SQL_FALLBACK));
        var connection = connect(postgres)) {
      vectors(connection);

      assertThat(postgres.hasPgvector()).isFalse();
      assertThat(one(connection, "SELECT id FROM places ORDER BY at <=> '[1,1]'::vector LIMIT 1"))
          .isEqualTo("b");
      assertThat(one(connection, "SELECT at <=> '[0,2]' FROM places WHERE id = 'a'"))
          .isEqualTo("1");
      assertThat(
              one(
                  connection,
                  "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'at'"))
          .isEqualTo("vector(2)");
      assertThatThrownBy(() -> run(connection, "INSERT INTO places VALUES ('c', '[1,2,3]')"))
          .hasMessageContaining("expected 2 dimensions, not 3");
      assertThatThrownBy(() -> run(connection, "INSERT INTO places VALUES ('c', 'here')"))
          .isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> run(connection, "SELECT at <=> '[1,2,3]' FROM places"))
          .hasMessageContaining("different vector dimensions 2 and 3");
    }
  }

  @Test
  void vectorsMoveOverFromTheStandInOncePgvectorIsThere() throws Exception {
    try (var postgres = EmbeddedPostgres.start(options().withVector(Vector.SQL_FALLBACK));
        var connection = connect(postgres)) {
      vectors(connection);
    }

    try (var postgres = EmbeddedPostgres.start(options().withVector(Vector.REQUIRE_PGVECTOR));
        var connection = connect(postgres)) {
      assertThat(postgres.hasPgvector()).isTrue();
      run(connection, "CREATE INDEX ON places USING hnsw (at vector_cosine_ops)");
      assertThat(one(connection, "SELECT string_agg(id || at, ' ' ORDER BY id) FROM places"))
          .isEqualTo("a[1,0] b[0.5,0.5]");
    }
  }

  @Test
  void vectorsStayWithTheStandInWhileSomethingHoldsOnToIt() throws Exception {
    try (var postgres = EmbeddedPostgres.start(options().withVector(Vector.SQL_FALLBACK));
        var connection = connect(postgres)) {
      vectors(connection);
      run(connection, "CREATE VIEW near AS SELECT id FROM places WHERE at <=> '[1,0]' < 0.1");
    }

    try (var postgres = EmbeddedPostgres.start(options().withVector(Vector.PREFER_PGVECTOR));
        var connection = connect(postgres)) {
      assertThat(postgres.hasPgvector()).isFalse();
      assertThat(one(connection, "SELECT id FROM near")).isEqualTo("a");
    }
  }

  private static void vectors(Connection connection) throws SQLException {
    run(connection, "CREATE EXTENSION IF NOT EXISTS vector");
    run(connection, "CREATE TABLE places (id text, at vector(2))");
    run(connection, "INSERT INTO places VALUES ('a', '[1,0]'), ('b', '[0.5,0.5]')");
  }

  private Options options() {
    return Options.at(home).withCache(PostgresResource.cache());
  }

  private static Connection connect(EmbeddedPostgres postgres) throws SQLException {
    return DriverManager.getConnection(
        postgres.jdbcUrl() + "?connectTimeout=5", postgres.user(), postgres.password());
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
