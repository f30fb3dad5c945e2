package dev.threadmill.runs.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunStatusTest {
  @ParameterizedTest
  @EnumSource(RunStatus.class)
  void aStatusIsEitherActiveOrTerminal(RunStatus status) {
    assertThat(status.isActive()).isNotEqualTo(status.isTerminal());
  }

  @ParameterizedTest
  @EnumSource(RunStatus.class)
  void aTerminalStatusNeverChangesAndEveryActiveOneCanEnd(RunStatus status) {
    var next = EnumSet.allOf(RunStatus.class);
    next.removeIf(other -> !status.canBecome(other));

    if (status.isTerminal()) {
      assertThat(next).isEmpty();
    } else {
      assertThat(next).contains(RunStatus.CANCELLED, RunStatus.EXPIRED, RunStatus.FAILED);
    }
  }

  @ParameterizedTest
  @EnumSource(RunStatus.class)
  void predecessorsAreTheStatusesThatMayBecomeIt(RunStatus status) {
    for (var other : RunStatus.values()) {
      assertThat(status.predecessors().contains(other)).isEqualTo(other.canBecome(status));
    }
  }

  @Test
  void onlyARunThatWasExecutedCompletesAtOnceOrWithTheOutputsOfItsClient() {
    assertThat(RunStatus.COMPLETED.predecessors())
        .containsExactlyInAnyOrder(
            RunStatus.IN_PROGRESS, RunStatus.CANCELLING, RunStatus.REQUIRES_ACTION);
    assertThat(RunStatus.INCOMPLETE.predecessors())
        .as("the time of a budget may be over in any of them")
        .containsExactly(
            RunStatus.QUEUED,
            RunStatus.IN_PROGRESS,
            RunStatus.REQUIRES_ACTION,
            RunStatus.CANCELLING);
  }

  @Test
  void statusesAreListedInSqlAsTheDatabaseStoresThem() {
    assertThat(RunStatus.sql(RunStatus.EXECUTING)).isEqualTo("('in_progress', 'cancelling')");
    assertThat(RunStatus.sql(RunStatus.ACTIVE))
        .isEqualTo("('queued', 'in_progress', 'requires_action', 'cancelling')");
  }
}
