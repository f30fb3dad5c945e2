package dev.threadmill.contract;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SettableClock;
import jakarta.inject.Inject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Runs that stay in a status until the test lets them go on. */
abstract class GatedRunsFixture {
  final ApiClient user = ApiClient.user();
  final ReplyGate gate = new ReplyGate();
  FakeProvider provider;
  @Inject SettableClock clock;

  /** A model name of this test only, so that a run of an earlier test takes none of its replies. */
  String model(String name) {
    return name + "-" + System.identityHashCode(gate);
  }

  @BeforeEach
  void resetProvider() {
    provider.reset();
  }

  @AfterEach
  void openGates() {
    clock.reset();
    gate.open();
  }
}
