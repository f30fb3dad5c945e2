package dev.threadmill.runs.routing;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AgentRoutingSpec.Mode;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.spec.ResolveRunSettings;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.Toolset;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.Set;

/** Decides whether a call may be routed to another assistant, and to which thread. */
@ApplicationScoped
public class PlanRoute {
  private final Assistants assistants;
  private final ResolveRunSettings resolveSettings;
  private final ChildRunStore children;
  private final ContentGate gate;
  private final Ids ids;
  private final RunsConfig config;

  public PlanRoute(
      Assistants assistants,
      ResolveRunSettings resolveSettings,
      ChildRunStore children,
      ContentGate gate,
      Ids ids,
      RunsConfig config) {
    this.assistants = assistants;
    this.resolveSettings = resolveSettings;
    this.children = children;
    this.gate = gate;
    this.ids = ids;
    this.config = config;
  }

  /** What happens to a call. */
  public sealed interface Plan {
    /**
     * A child run is created for it.
     *
     * @param thread the thread of the child run
     * @param isNew whether the thread has to be created
     */
    record Start(
        RoutingTool route, String message, RunSettings settings, ThreadId thread, boolean isNew)
        implements Plan {}

    /** It is refused; the model is given this output. */
    record Refused(String output) implements Plan {}
  }

  /**
   * Decides about one call.
   *
   * @param taken the threads of the other calls of the same answer
   * @param isAlone whether there are no other calls
   */
  public Plan plan(
      Run run, Toolset.Dispatch.ToAssistant call, Set<ThreadId> taken, boolean isAlone) {
    return limitOf(run, call.route(), taken.size(), isAlone)
        .<Plan>map(refused -> refused)
        .orElseGet(() -> planFiltered(run, call, taken));
  }

  private Optional<Plan.Refused> limitOf(Run run, RoutingTool route, int others, boolean isAlone) {
    if (route.mode() == Mode.HANDOFF && !isAlone) {
      return refused(
          "handoff_not_alone",
          "The conversation was not handed off: other tools were called with it. Call '%s' alone."
              .formatted(route.function().name()));
    }
    var lineage = run.lineage();
    if (lineage.contains(route.target().assistantId())) {
      return refused(
          "routing_cycle",
          "The message was not sent: the assistant '%s' is waiting for this answer. Answer without it."
              .formatted(route.name()));
    }
    if (lineage.size() > config.routingDepth()) {
      return refused(
          "routing_too_deep",
          "The message was not sent: the limit of %d assistants in a chain is reached. Answer without"
                  .formatted(config.routingDepth())
              + " another assistant.");
    }
    if (children.countBelow(run.root()) + others >= config.routingRuns()) {
      return refused(
          "routing_limit",
          "The message was not sent: the limit of %d messages is reached. Answer with what you have."
              .formatted(config.routingRuns()));
    }
    return Optional.empty();
  }

  /** With the message as the content filters let it pass to the other assistant. */
  private Plan planFiltered(Run run, Toolset.Dispatch.ToAssistant call, Set<ThreadId> taken) {
    var target = call.route().target();
    var source = ContentSource.input(run.projectId(), target.assistantId(), target.threadId());
    try {
      var message = gate.apply(source, call.message());
      return planTarget(run, new Toolset.Dispatch.ToAssistant(call.route(), message), taken);
    } catch (ContentRejectedException e) {
      return refusal(
          ContentRejectedException.CODE,
          "The message was not sent: a content filter rejected it: " + e.getMessage());
    }
  }

  private Plan planTarget(Run run, Toolset.Dispatch.ToAssistant call, Set<ThreadId> taken) {
    var target = call.route().target().assistantId();
    var assistant = assistants.find(run.projectId(), target);
    if (assistant.isEmpty()) {
      return refusal(
          "assistant_not_found", "The assistant '%s' does not exist any more.".formatted(target));
    }
    var settings =
        resolveSettings.resolve(
            run.projectId(),
            assistant.get(),
            RunOverrides.builder().exactReplay(run.settings().exactReplay()).build());
    return call.route().target().threadId() != null
        ? onNamedThread(run, call, settings, taken)
        : onOwnThread(run, call, settings, taken);
  }

  private Plan onNamedThread(
      Run run, Toolset.Dispatch.ToAssistant call, RunSettings settings, Set<ThreadId> taken) {
    var thread = call.route().target().threadId();
    var state = children.threadState(run.projectId(), thread);
    if (state.isEmpty() || state.get().isArchived()) {
      return refusal(
          "thread_not_found",
          "The thread of the assistant '%s' does not exist any more."
              .formatted(call.route().name()));
    }
    if (state.get().isBusy() || taken.contains(thread)) {
      return refusal(
          "thread_busy",
          "The assistant '%s' is busy. Try again later, or answer without it."
              .formatted(call.route().name()));
    }
    return new Plan.Start(call.route(), call.message(), settings, thread, false);
  }

  private Plan onOwnThread(
      Run run, Toolset.Dispatch.ToAssistant call, RunSettings settings, Set<ThreadId> taken) {
    var last =
        call.route().continuesThread()
            ? children.lastThread(run, call.route().target().assistantId(), taken)
            : Optional.<ThreadId>empty();
    return new Plan.Start(
        call.route(), call.message(), settings, last.orElseGet(ids::thread), last.isEmpty());
  }

  private static Optional<Plan.Refused> refused(String type, String message) {
    return Optional.of(refusal(type, message));
  }

  private static Plan.Refused refusal(String type, String message) {
    return new Plan.Refused(ToolError.output(type, message));
  }
}
