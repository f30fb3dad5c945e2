package dev.threadmill.runs;

import dev.threadmill.guard.ContentGate;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.Usage;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/** A model that takes its time, says some words, and may call a function or two before. */
final class ScriptedModel extends CallModel {
  private static final int MOST_WORDS = 8;

  /** How often the model was called for each run, on all nodes. */
  static final class Calls {
    private final Map<String, Integer> byRun = new ConcurrentHashMap<>();

    void count(Run run) {
      byRun.merge(run.id().value(), 1, Integer::sum);
    }

    int of(String run) {
      return byRun.getOrDefault(run, 0);
    }
  }

  private final Random random;
  private final Calls calls;

  ScriptedModel(
      ContentGate gate,
      ModelRegistry models,
      BudgetLedger ledger,
      RunsConfig config,
      Random random,
      Calls calls,
      InstantSource clock) {
    super(gate, models, ledger, config, clock);
    this.random = random;
    this.calls = calls;
  }

  @Override
  ModelResponse call(RunExecution progress, BuildContext.Prompt prompt, AnswerAccumulator turn)
      throws InterruptedException {
    calls.count(progress.run());
    var answer = progress.live().interruptibly(() -> answer(progress, turn));
    turn.completed(answer);
    return answer;
  }

  private ModelResponse answer(RunExecution progress, AnswerAccumulator turn)
      throws InterruptedException {
    var text = new StringBuilder();
    int words = random.nextInt(MOST_WORDS);
    for (int i = 0; i < words; i++) {
      TurnScheduler.yieldTurnInterruptibly();
      var word = "word" + i + " ☔ ";
      text.append(word);
      turn.accept(new ModelDelta.Text(word));
    }
    var made = new ArrayList<ModelToolCall>();
    if (progress.turns() < 2 && random.nextInt(3) == 0) {
      int calling = 1 + random.nextInt(2);
      for (int i = 0; i < calling; i++) {
        turn.accept(new ModelDelta.ToolCallStarted(i, "look_up"));
        TurnScheduler.yieldTurnInterruptibly();
        turn.accept(new ModelDelta.ToolCallArguments(i, "{}"));
        made.add(new ModelToolCall("call_" + i, "look_up", "{}"));
      }
    }
    TurnScheduler.yieldTurnInterruptibly();
    var finish =
        made.isEmpty() ? ModelResponse.FinishReason.STOP : ModelResponse.FinishReason.TOOL_CALLS;
    return new ModelResponse(
        text.toString(), null, null, List.copyOf(made), null, finish, new Usage(10, 5));
  }
}
