package dev.threadmill.runs.maintenance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.testing.StoredRuns;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A takeover stores every text that readers have received of the step that was open. */
class InterruptedStepTest {
  private static final String TEXT = "Some text.";

  /** Outputs, progress and tasks belong to calls that are stored before they are executed. */
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"OUTPUT", "PROGRESS", "TASK"})
  void eachTextOfTheModelIsReadBack(StreamedText text) {
    var interrupted = InterruptedStep.of(StoredRuns.run(false), events(text)).orElseThrow();

    var step = interrupted.step();
    var read =
        switch (text.scope()) {
          case MESSAGE -> text == StreamedText.REFUSAL ? interrupted.refusal() : interrupted.text();
          case STEP -> text.stored(step, null, null);
          case CALL -> text.stored(step, null, step.calls().getFirst());
        };
    assertThat(read).isEqualTo(TEXT);
  }

  private static List<RunEvent> events(StreamedText text) {
    var type =
        text.scope() == StreamedText.Scope.CALL ? Step.Type.TOOL_CALLS : Step.Type.MESSAGE_CREATION;
    var events = new ArrayList<RunEvent>();
    events.add(new RunEvent.StepCreated(1, type, 1_700_000_000_000_000L));
    events.add(new RunEvent.StepStatusChanged(1, "in_progress"));
    switch (text.scope()) {
      case MESSAGE -> events.add(new RunEvent.MessageStatusChanged(1, "created"));
      case CALL -> events.add(new RunEvent.CallStarted(1, 0, "f"));
      case STEP -> {
        // The text is the step's own.
      }
    }
    events.add(RunEvent.Delta.of(new DeltaTarget(text, 1, 0), "Some "));
    events.add(RunEvent.Delta.of(new DeltaTarget(text, 1, 0), "text."));
    return events;
  }
}
