package dev.threadmill.runs;

import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.guard.FilteredAnswer;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Reservation;
import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.tools.websearch.HostedSearch;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** Calls the model with a prompt and streams the answer, through the content filters. */
@ApplicationScoped
class CallModel {
  private final ContentGate gate;
  private final ModelRegistry models;
  private final BudgetLedger ledger;
  private final RunsConfig config;
  private final InstantSource clock;

  CallModel(
      ContentGate gate,
      ModelRegistry models,
      BudgetLedger ledger,
      RunsConfig config,
      InstantSource clock) {
    this.gate = gate;
    this.models = models;
    this.ledger = ledger;
    this.config = config;
    this.clock = clock;
  }

  /**
   * Calls the model. The tokens that the call may use are reserved before, and settled when the run
   * commits the answer.
   *
   * @throws InterruptedException if the run was stopped
   * @throws ContentRejectedException if a content filter rejected the answer
   */
  ModelResponse call(RunExecution execution, BuildContext.Prompt prompt, AnswerAccumulator turn)
      throws InterruptedException {
    var settings = execution.run().settings();
    var model = models.require(settings.model());
    var unreserved =
        new ModelRequest(
            settings.model(),
            prompt.messages(),
            prompt.functions(),
            toolChoice(execution, prompt),
            settings.toolUse().parallel(),
            settings.responseFormat(),
            new ModelRequest.Options(
                    settings.sampling().temperature(),
                    settings.sampling().topP(),
                    completionTokensLeft(execution.run()),
                    settings.sampling().reasoningEffort())
                .with(HostedSearch.of(settings.tools(), model.info())));
    var reserved = reserve(execution, model.info(), unreserved);
    execution.setReservation(reserved);
    var request = reserved.applyTo(unreserved);
    turn.requestSent(request, model.info().price());
    var activity = new ModelCallActivity(execution, model.info(), clock);
    try {
      var answer = answer(execution, model, request, turn);
      activity.completed(answer);
      return answer;
    } catch (ContentRejectedException e) {
      activity.rejected(turn.usageSoFar());
      throw e;
    } catch (ContextWindowException e) {
      activity.failed(e, Usage.NONE);
      throw e;
    } catch (ModelException e) {
      activity.failed(e, turn.usageSoFar());
      throw e;
    } catch (InterruptedException e) {
      activity.stopped(turn.usageSoFar());
      throw e;
    }
  }

  private Reservation reserve(RunExecution execution, ModelInfo model, ModelRequest request)
      throws InterruptedException {
    var run = execution.run();
    try {
      return execution
          .live()
          .interruptibly(
              () -> ledger.reserve(run.payer(), run.id(), model, request, config.expiry()));
    } catch (LimitReachedException e) {
      execution.record(
          run.activity(Activity.LIMIT_REFUSED, clock.instant())
              .status("refused")
              .detail("limit", e.isQuota() ? "budget" : "rate")
              .detail("message", e.getMessage())
              .build());
      throw e;
    }
  }

  private ModelResponse answer(
      RunExecution execution, LanguageModel model, ModelRequest request, AnswerAccumulator turn)
      throws InterruptedException {
    var run = execution.run();
    var source =
        ContentSource.model(run.projectId(), run.assistantId(), run.threadId())
            .under(run.settings().safetyPolicy(execution::flagSafety));
    var filtered = new FilteredAnswer(gate, source, turn::accept);
    var answer =
        execution
            .live()
            .interruptibly(() -> answer(model, request, filtered))
            .at(model.info().price());
    filtered.complete();
    turn.completed(answer.with(gate.apply(source, answer.thoughts())));
    return answer;
  }

  /** The rejection of a filter ends the call, in whatever exception the client wraps it. */
  private static ModelResponse answer(
      LanguageModel model, ModelRequest request, FilteredAnswer filtered)
      throws InterruptedException {
    try {
      return model.answer(request, filtered);
    } catch (RuntimeException e) {
      throw filtered.rejection().<RuntimeException>map(rejected -> rejected).orElse(e);
    }
  }

  /** A tool call is forced in the first turn only, so that the model can answer afterwards. */
  private static ToolChoice toolChoice(RunExecution execution, BuildContext.Prompt prompt) {
    var choice = execution.run().settings().toolUse().choice();
    boolean forced = !choice.equals(ToolChoice.AUTO) && !choice.equals(ToolChoice.NONE);
    if (forced && execution.turns() > 0) {
      return ToolChoice.AUTO;
    }
    // The tools of this server are functions to a model, unless its provider has them itself.
    if (choice instanceof ToolChoice.BuiltIn(var type)) {
      return prompt.functions().stream().anyMatch(function -> function.name().equals(type))
          ? new ToolChoice.Function(type)
          : ToolChoice.AUTO;
    }
    return choice;
  }

  /** The rest of the completion token limit, which applies to all model calls of the run. */
  private static Integer completionTokensLeft(Run run) {
    var max = run.settings().tokenLimits().maxCompletionTokens();
    return max == null ? null : (int) Math.max(0, max - run.usage().completionTokens());
  }
}
