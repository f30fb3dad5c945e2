package dev.threadmill.runs.routing;

import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.AgentRoutingSpec.Mode;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings.TokenLimits;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.tracing.StoredTrace;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Creates the run that answers a routed call, in the transaction that stores the call. So every
 * routed call has its run, and every child run its call.
 */
@ApplicationScoped
public class CreateChildRun {
  private final ThreadStore threads;
  private final ThreadTail threadTail;
  private final MessageStore messages;
  private final RunTransitions runs;
  private final Ids ids;

  public CreateChildRun(
      ThreadStore threads,
      ThreadTail threadTail,
      MessageStore messages,
      RunTransitions runs,
      Ids ids) {
    this.threads = threads;
    this.threadTail = threadTail;
    this.messages = messages;
    this.runs = runs;
    this.ids = ids;
  }

  /**
   * Prepares the run of a call. It gets an equal share of the tokens that its parent has left.
   *
   * @param used the tokens that the parent has used, including those of the answer that calls
   * @param shares among how many calls the rest is divided
   */
  public NewChildRun prepare(
      Run parent, ToolCall call, PlanRoute.Plan.Start plan, Usage used, int shares) {
    var limits = parent.settings().tokenLimits();
    var target = plan.route().target().assistantId();
    var mode = plan.route().mode();
    var settings =
        plan.settings()
            .withTokenLimits(
                new TokenLimits(
                    share(limits.maxPromptTokens(), used.promptTokens(), shares),
                    share(limits.maxCompletionTokens(), used.completionTokens(), shares)))
            // The budget of the root is for the whole tree.
            .withBudget(parent.settings().turns().budget());
    var id = ids.run();
    var definition =
        new Run.Definition(
            plan.thread(),
            id,
            parent.projectId(),
            target,
            settings,
            parent.apiKey(),
            parent.cause().requestId(),
            parent.originOfChild(call.id(), mode == Mode.HANDOFF),
            StoredTrace.below(parent.trace()));
    var routed = call.routedTo(new ToolCall.Routing(target, plan.thread(), id, mode));
    return new NewChildRun(
        mode == Mode.DELEGATE
            ? routed
            : routed.withOutput(
                "The assistant '%s' has taken over the conversation."
                    .formatted(plan.route().name())),
        Run.queued(definition, Metadata.EMPTY, Run.Times.created(null, parent.times().expires())),
        plan.isNew(),
        userMessage(plan.message()));
  }

  private static Integer share(Integer max, long used, int shares) {
    return max == null ? null : (int) Math.max(0, max - used) / shares;
  }

  private static NewMessage userMessage(String text) {
    var content = List.of(ContentPart.text(text));
    return new NewMessage(
        Message.Role.USER,
        content,
        null,
        Metadata.EMPTY,
        PrepareMessages.tokens(content),
        List.of());
  }

  /**
   * Inserts the run, queued for any node.
   *
   * @param at the time of the parent; everything the child writes is later
   */
  public void insert(Tx tx, NewChildRun child, Instant at) {
    var run = child.run();
    if (child.isNewThread()) {
      threads.create(
          tx,
          run.threadId(),
          new NewThread(run.projectId(), run.assistantId(), null, Metadata.EMPTY, List.of()),
          0);
    }
    threadTail.advance(tx, run.threadId(), at);
    var thread = threads.lock(tx, run.projectId(), run.threadId(), 2);
    var queued = run.withCreatedAt(thread.firstMessageAt().plus(1, ChronoUnit.MICROS));
    var events = List.of(StreamEvents.runCreated(queued), StreamEvents.runStatus(queued));
    var logged =
        queued.withEventLog(EventLog.format(events.stream().map(StreamEvent::event).toList()));
    if (thread.activeRun() == null) {
      messages.append(tx, thread, List.of(child.message()), run.cause());
      runs.insert(tx, logged);
    } else {
      // Another run has started on this thread since the call was planned.
      runs.insertWaiting(tx, logged, List.of(child.message()));
    }
  }
}
