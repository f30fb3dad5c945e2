package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.BrokenPool;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All connections of the pool are broken, as after a restart of the database. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class BrokenPoolTest {
  @Inject DataSource dataSource;
  @Inject Jdbc jdbc;
  private BrokenPool pool;

  @BeforeEach
  void manyConnectionsAreCut() throws SQLException {
    pool = new BrokenPool(dataSource);
    pool.breakAll();
  }

  @AfterEach
  void thePoolIsWhole() {
    pool.awaitWhole();
  }

  @Test
  void aQueryIsRetriedUntilAConnectionWorks() {
    assertThat(jdbc.one("SELECT 7 AS seven", row -> row.integer("seven"))).contains(7);
  }

  @Test
  void aTransactionIsRetriedUntilAConnectionWorks() {
    Optional<Integer> seven =
        jdbc.inTransaction(tx -> tx.one("SELECT 7 AS seven", row -> row.integer("seven")));
    assertThat(seven).contains(7);
  }

  @Test
  void aRequestGetsAtMostA503WhileThePoolIsValidated() {
    var user = ApiClient.user();
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(
            () -> {
              var made = user.post("/v1/threads", "{}");
              assertThat(made.status()).as(made.text()).isEqualTo(200);
            });
  }

  @Test
  void aBrokenConnectionThatIsReturnedHasAllOthersValidated() {
    jdbc.one("SELECT 7 AS seven", row -> row.integer("seven"));

    pool.awaitWhole();
  }
}
