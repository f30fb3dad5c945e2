package dev.threadmill.runs;

import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AgentRoutingSpec.Mode;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.RoutingTargets;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Origin;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.Toolset;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;

/**
 * Routes calls of a run to other assistants: each becomes a run of its own, which is created in the
 * transaction that stores the call. So no call waits for a run that there is not, and no run works
 * for a call that nobody knows of.
 */
@ApplicationScoped
class RouteCalls {
  private final Assistants assistants;
  private final ToolSecrets secrets;
  private final RoutingTargets targets;
  private final ThreadStore threads;
  private final MessageStore messages;
  private final RunStore runs;
  private final ChildRuns children;
  private final Ids ids;
  private final RunsConfig config;

  RouteCalls(
      Assistants assistants,
      ToolSecrets secrets,
      RoutingTargets targets,
      ThreadStore threads,
      MessageStore messages,
      RunStore runs,
      ChildRuns children,
      Ids ids,
      RunsConfig config) {
    this.assistants = assistants;
    this.secrets = secrets;
    this.targets = targets;
    this.threads = threads;
    this.messages = messages;
    this.runs = runs;
    this.children = children;
    this.ids = ids;
    this.config = config;
  }

  /** What is to become of a call. */
  sealed interface Plan {
    /**
     * A run begins.
     *
     * @param thread where
     * @param isNew whether the thread is to be made
     */
    record Start(
        RoutingTool route, String message, Run.Settings settings, ThreadId thread, boolean isNew)
        implements Plan {}

    /** Nothing; the model is given this output. */
    record Refused(String output) implements Plan {}
  }

  /**
   * Looks whether a call can be routed, and to where.
   *
   * @param taken the threads of other calls of the same answer
   * @param isAlone whether there are no other calls
   */
  Plan plan(Run run, Toolset.Dispatch.ToAssistant check, Set<ThreadId> taken, boolean isAlone) {
    var route = check.route();
    if (route.mode() == Mode.HANDOFF && !isAlone) {
      return refused(
          "handoff_not_alone",
          "The conversation was not handed over: other tools were called with it. Call '%s' alone."
              .formatted(route.function().name()));
    }
    var target = route.target().assistantId();
    var lineage = Origin.lineage(run);
    if (lineage.contains(target)) {
      return refused(
          "routing_cycle",
          "The message was not passed on: the assistant '%s' waits for this very answer."
                  .formatted(route.name())
              + " Answer without it.");
    }
    if (lineage.size() > config.routingDepth()) {
      return refused(
          "routing_too_deep",
          "The message was not passed on: assistants already ask each other %d deep. Answer without"
                  .formatted(config.routingDepth())
              + " another one.");
    }
    var root = run.settings().origin() == null ? run.id() : run.settings().origin().root();
    if (children.countBelow(root) + taken.size() >= config.routingRuns()) {
      return refused(
          "routing_limit",
          "The message was not passed on: %d messages have been already. Answer with what there is."
              .formatted(config.routingRuns()));
    }
    var assistant = assistants.find(run.projectId(), target);
    if (assistant.isEmpty()) {
      return refused(
          "assistant_not_found", "The assistant '%s' does not exist any more.".formatted(target));
    }
    var settings = RunRequest.Overrides.NONE.over(assistant.get(), secrets, targets);
    return route.target().threadId() != null
        ? onNamedThread(run, check, settings, taken)
        : onOwnThread(run, check, settings, taken);
  }

  private Plan onNamedThread(
      Run run, Toolset.Dispatch.ToAssistant check, Run.Settings settings, Set<ThreadId> taken) {
    var thread = check.route().target().threadId();
    var place = children.place(run.projectId(), thread);
    if (place.isEmpty() || place.get().isArchived()) {
      return refused(
          "thread_not_found",
          "The assistant '%s' was to work in a thread that does not exist any more."
              .formatted(check.route().name()));
    }
    if (place.get().isBusy() || taken.contains(thread)) {
      return refused(
          "thread_busy",
          "The assistant '%s' is busy. Try again later, or answer without it."
              .formatted(check.route().name()));
    }
    return new Plan.Start(check.route(), check.message(), settings, thread, false);
  }

  private Plan onOwnThread(
      Run run, Toolset.Dispatch.ToAssistant check, Run.Settings settings, Set<ThreadId> taken) {
    var last =
        check.route().continuesThread()
            ? children.lastThread(run, check.route().target().assistantId(), taken)
            : java.util.Optional.<ThreadId>empty();
    return new Plan.Start(
        check.route(), check.message(), settings, last.orElseGet(ids::thread), last.isEmpty());
  }

  private static Plan refused(String type, String message) {
    return new Plan.Refused(ToolError.output(type, message));
  }

  /**
   * A run that is about to be created.
   *
   * @param call the caller's call, which names it
   * @param run without its times
   */
  record PreparedChild(ToolCall call, Run run, boolean isNewThread, NewMessage message) {
    /** Whether it answers in place of the caller. */
    boolean isHandoff() {
      return run.settings().origin().isHandoff();
    }
  }

  /**
   * The run of a call. It gets an equal share of what the caller may still spend.
   *
   * @param spent by the caller so far, with the answer that calls
   * @param shares among how many calls it is divided
   */
  PreparedChild child(Run caller, ToolCall call, Plan.Start plan, Usage spent, int shares) {
    var limits = caller.settings();
    var target = plan.route().target().assistantId();
    var mode = plan.route().mode();
    var settings =
        plan.settings()
            .startedBy(
                Origin.below(caller, call.id(), mode == Mode.HANDOFF),
                share(limits.maxPromptTokens(), spent.promptTokens(), shares),
                share(limits.maxCompletionTokens(), spent.completionTokens(), shares),
                caller.settings().apiKey());
    var id = ids.run();
    var content = List.of(ContentPart.text(plan.message()));
    var routed = call.routedTo(new ToolCall.Routing(target, plan.thread(), id, mode));
    return new PreparedChild(
        mode == Mode.DELEGATE
            ? routed
            : routed.withOutput(
                "The assistant '%s' has taken over and answers from here on."
                    .formatted(plan.route().name())),
        new Run(
            plan.thread(),
            id,
            caller.projectId(),
            target,
            RunStatus.QUEUED,
            settings,
            Metadata.EMPTY,
            new Run.Times(null, caller.times().expires(), null, null, null, null),
            null,
            null,
            Usage.NONE,
            null,
            0,
            ""),
        plan.isNew(),
        new NewMessage(
            Message.Role.USER, content, null, Metadata.EMPTY, PrepareMessages.tokens(content)));
  }

  private static Integer share(Integer max, long spent, int shares) {
    return max == null ? null : (int) Math.max(0, max - spent) / shares;
  }

  /**
   * Creates the run, queued for any node.
   *
   * @param at the time of the caller, after which all comes that the child does
   */
  void insert(Tx tx, PreparedChild child, Instant at) {
    var run = child.run();
    if (child.isNewThread()) {
      threads.create(
          tx,
          run.threadId(),
          new NewThread(run.projectId(), run.assistantId(), null, Metadata.EMPTY, List.of()),
          0);
    }
    FinishRun.touchThread(tx, run.threadId(), at);
    var thread = threads.lock(tx, run.projectId(), run.threadId(), 2);
    var queued = run.withCreatedAt(thread.firstMessageAt().plus(1, ChronoUnit.MICROS));
    var news = List.of(StreamEvents.runCreated(queued), StreamEvents.runStatus(queued));
    var tape = EventLog.format(news.stream().map(StreamEvent::event).toList());
    if (thread.activeRun() == null) {
      messages.append(tx, thread, List.of(child.message()));
      runs.insert(tx, queued.withEventLog(tape), null);
    } else {
      // Somebody was quicker on this thread: the run begins when that one has ended.
      runs.insert(tx, queued.withEventLog(tape), List.of(child.message()));
    }
  }

  /** What the model is given of a child that has ended; null while it goes on. */
  static String outputOf(ChildRuns.Child child, String name) {
    return switch (child.status()) {
      case QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> null;
      case COMPLETED -> child.answer();
      case FAILED ->
          ToolError.output(
              "assistant_failed",
              "The assistant '%s' failed: %s"
                  .formatted(name, child.error() == null ? "" : child.error().message()));
      case CANCELLED ->
          ToolError.output(
              "assistant_cancelled",
              "The assistant '%s' was stopped before it had an answer.".formatted(name));
      case EXPIRED ->
          ToolError.output(
              "assistant_expired", "The assistant '%s' did not answer in time.".formatted(name));
      case INCOMPLETE ->
          ToolError.output(
              "assistant_incomplete",
              "The assistant '%s' had to stop (%s) before its answer was whole. So far it had said: %s"
                  .formatted(name, child.incompleteReason(), child.answer()));
    };
  }
}
