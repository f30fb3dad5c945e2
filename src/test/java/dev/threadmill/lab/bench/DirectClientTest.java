package dev.threadmill.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.lab.provider.MockProvider;
import dev.threadmill.testing.PostgresResource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirectClientTest {
  private static MockProvider provider;

  private Connection database;
  private DirectClient client;

  @BeforeAll
  static void startProvider() {
    provider = MockProvider.start();
  }

  @AfterAll
  static void stopProvider() {
    provider.close();
  }

  @BeforeEach
  void connect() throws SQLException {
    database = connection();
    DirectClient.prepare(database);
    client = new DirectClient(provider.address(), connection());
  }

  @AfterEach
  void leaveNothing() throws Exception {
    client.close();
    try (var statement = database.createStatement()) {
      statement.execute("DROP SCHEMA bench CASCADE");
    }
    database.close();
  }

  @Test
  void aRunInsertsTheQuestionAndTheAnswer() throws Exception {
    var sample = client.run("mock-t5-i1-n4", System.nanoTime());

    assertThat(roles()).containsExactly("user", "assistant");
    assertThat(sample.providerFirst()).isGreaterThanOrEqualTo(5_000_000);
    assertThat(sample.providerTotal()).isGreaterThanOrEqualTo(8_000_000);
    assertThat(sample.firstOverhead()).isPositive();
    assertThat(sample.totalNanos()).isGreaterThan(sample.firstNanos());
  }

  @Test
  void aRunWithAToolGoesThroughAllItsTurns() throws Exception {
    client.runWithTool("mock-0-turns2", System.nanoTime());

    assertThat(roles())
        .containsExactly("user", "assistant", "tool", "assistant", "tool", "assistant");
  }

  @Test
  void aRunOnAThreadSendsAllOfIt() throws Exception {
    var thread = client.makeThread(100);

    var sample = client.runOn(thread, "mock-0", System.nanoTime());

    assertThat(sample.promptBytes()).isGreaterThan(101L * Client.QUESTION.length());
    assertThat(roles()).hasSize(102);
  }

  @Test
  void anUnexpectedStatusNamesTheRequestAndTheResponse() throws Exception {
    try (var connection = new HttpConnection(provider.address(), "none")) {
      assertThatThrownBy(() -> connection.post("/chat/completions", "{\"model\":\"x\"}".getBytes()))
          .isInstanceOf(HttpConnection.UnexpectedStatus.class)
          .hasMessageContaining("POST /chat/completions was answered with 400");
    }
  }

  private static Connection connection() throws SQLException {
    var postgres = PostgresResource.shared();
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  private List<String> roles() throws SQLException {
    List<String> roles = new ArrayList<>();
    try (var statement = database.createStatement();
        var rows = statement.executeQuery("SELECT role FROM bench.messages ORDER BY place")) {
      while (rows.next()) {
        roles.add(rows.getString(1));
      }
    }
    return roles;
  }
}
