package dev.threadmill.db.signals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.projects.KeysChanged;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class SignalRegistryTest {
  @Inject SignalRegistry registry;

  /** Nodes of earlier versions read and write these during an upgrade. */
  @Test
  void everySignalHasTheFormThatEarlierVersionsUse() throws JsonProcessingException {
    var run = new RunId("run_abc");
    var signals =
        List.of(
            new Signal.NodeListening(),
            new Signal.ResyncRequested(),
            new KeysChanged(),
            new RunSignal.RunQueued(),
            new RunSignal.NodeLeft(),
            new RunSignal.RunChanged(run),
            new RunSignal.SubscriptionRequested(run),
            new RunSignal.CancelRequested(run));

    assertThat(signals)
        .extracting(registry::write)
        .containsExactly(
            "{\"type\":\"listening\"}",
            "{\"type\":\"look_again\"}",
            "{\"type\":\"keys_changed\"}",
            "{\"type\":\"run_queued\"}",
            "{\"type\":\"node_left\"}",
            "{\"type\":\"run_changed\",\"run\":\"run_abc\"}",
            "{\"type\":\"watch_requested\",\"run\":\"run_abc\"}",
            "{\"type\":\"cancel_requested\",\"run\":\"run_abc\"}");
    for (var signal : signals) {
      assertThat(registry.read(Json.tree(registry.write(signal)))).contains(signal);
    }
  }

  @Test
  void aSignalOfAFeatureIsReadWithItsFields() throws JsonProcessingException {
    var json = "{\"type\":\"limits_changed\",\"project\":\"proj_abc\"}";

    var read = registry.read(Json.tree(json)).orElseThrow();

    assertThat(registry.write(read)).isEqualTo(json);
    assertThat(read).extracting("project").isEqualTo(new ProjectId("proj_abc"));
  }

  @Test
  void aNameThatThisVersionDoesNotKnowIsNoSignal() throws JsonProcessingException {
    for (var json : List.of("{\"type\":\"from_next_year\",\"x\":1}", "{}", "null", "[]", "\"x\"")) {
      assertThat(registry.read(Json.tree(json))).as(json).isEmpty();
    }
  }

  @Test
  void aSignalThatNoFeatureHasRegisteredCannotBeSent() {
    record Unregistered() implements Signal {}

    assertThatThrownBy(() -> registry.write(new Unregistered()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
