package dev.threadmill.runs.store;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.limits.Payer;
import dev.threadmill.models.Usage;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Cause;
import dev.threadmill.telemetry.tracing.StoredTrace;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A run, as its row in the database describes it.
 *
 * @param definition what never changes after the run is created
 * @param state where the run stands
 * @param eventLog the events up to the last committed step, in the format of {@link EventLog}
 */
public record Run(Definition definition, Metadata metadata, State state, String eventLog) {
  /** The reason of a run that ends at the time of its budget. */
  public static final String MAX_SECONDS = "max_seconds";

  /**
   * What never changes after a run is created.
   *
   * @param assistantId null if the run was created without an assistant
   * @param apiKey the key whose request created the run, or the root of its tree; null if unknown
   * @param requestId of that request; null if unknown
   * @param origin null if no other run created this one
   * @param trace null if the run belongs to none
   */
  public record Definition(
      ThreadId threadId,
      RunId id,
      ProjectId projectId,
      AssistantId assistantId,
      RunSettings settings,
      ApiKeyId apiKey,
      String requestId,
      Origin origin,
      StoredTrace trace) {}

  /**
   * Where a run stands.
   *
   * @param lastError why the run failed; null if it did not
   * @param incompleteReason which limit ended the run; null if none did
   * @param usage of all model calls so far
   */
  public record State(
      RunStatus status,
      Times times,
      RunError lastError,
      String incompleteReason,
      Usage usage,
      Claim claim) {
    private State with(RunStatus newStatus) {
      return new State(newStatus, times, lastError, incompleteReason, usage, claim);
    }

    private State with(Times newTimes) {
      return new State(status, newTimes, lastError, incompleteReason, usage, claim);
    }

    private State with(Usage newUsage) {
      return new State(status, times, lastError, incompleteReason, newUsage, claim);
    }
  }

  /** When a run reached which status; null where it has not. */
  public record Times(
      Instant created,
      Instant expires,
      Instant started,
      Instant cancelled,
      Instant failed,
      Instant completed) {
    /** The times of a run that has not been claimed yet. */
    public static Times created(Instant created, Instant expires) {
      return new Times(created, expires, null, null, null, null);
    }

    /** This moment, but not before the run began: the clocks of nodes differ. */
    private Instant notBefore(Instant at) {
      var begin = started == null ? created : started;
      return at.isBefore(begin) ? begin : at;
    }

    private Times createdAt(Instant at) {
      return new Times(at, expires, started, cancelled, failed, completed);
    }

    private Times startedAt(Instant at) {
      var begin = started == null ? notBefore(at) : started;
      return new Times(created, expires, begin, cancelled, failed, completed);
    }

    private Times endedAt(Instant now, RunStatus end) {
      var at = notBefore(now);
      return new Times(
          created,
          expires,
          started,
          end == RunStatus.CANCELLED ? at : null,
          end == RunStatus.FAILED ? at : null,
          end == RunStatus.COMPLETED || end == RunStatus.INCOMPLETE ? at : null);
    }
  }

  /**
   * Which node executes a run.
   *
   * @param owner the node; null if none does
   * @param attempt how often the run was claimed
   */
  public record Claim(String owner, int attempt) {
    /** The run was never claimed. */
    public static final Claim NONE = new Claim(null, 0);
  }

  /** How a run ends. */
  public record End(RunStatus status, RunError error, String incompleteReason) {
    /** The model gave its final answer. */
    public static final End COMPLETED = new End(RunStatus.COMPLETED, null, null);

    /** The client cancelled the run. */
    public static final End CANCELLED = new End(RunStatus.CANCELLED, null, null);

    /** The run took too long. */
    public static final End EXPIRED = new End(RunStatus.EXPIRED, null, null);

    /** The run could not continue. */
    public static End failed(RunError error) {
      return new End(RunStatus.FAILED, error, null);
    }

    /** The run reached a limit, which the reason names. */
    public static End incomplete(String reason) {
      return new End(RunStatus.INCOMPLETE, null, reason);
    }
  }

  /** A run that is created now and that no node has claimed. */
  public static Run queued(Definition definition, Metadata metadata, Times times) {
    return new Run(
        definition,
        metadata,
        new State(RunStatus.QUEUED, times, null, null, Usage.NONE, Claim.NONE),
        "");
  }

  public ThreadId threadId() {
    return definition.threadId();
  }

  public RunId id() {
    return definition.id();
  }

  public ProjectId projectId() {
    return definition.projectId();
  }

  /** The assistant that the run was created for; null if there is none. */
  public AssistantId assistantId() {
    return definition.assistantId();
  }

  public RunSettings settings() {
    return definition.settings();
  }

  /** The key whose request created the run, or the root of its tree; null if unknown. */
  public ApiKeyId apiKey() {
    return definition.apiKey();
  }

  /** The request that created the run, or the root of its tree. */
  public Cause cause() {
    return new Cause(definition.apiKey(), definition.requestId());
  }

  /** The beginning of an event of the run. */
  public Activity.Builder activity(String event, Instant at) {
    return Activity.of(event, projectId(), at)
        .assistant(assistantId())
        .thread(threadId())
        .run(id())
        .model(settings().model())
        .cause(cause());
  }

  /** The limits that the model calls of the run count against. */
  public Payer payer() {
    var budget = settings().turns().budget();
    return Payer.ofRun(
        projectId(),
        apiKey(),
        assistantId(),
        threadId(),
        budget != null && budget.limitsModelCalls() ? root() : null);
  }

  /**
   * The end of the run at the end of its time: it has expired, or has used up the time of its
   * budget.
   */
  public End endOfTime() {
    var budget = settings().turns().budget();
    return budget != null
            && budget.seconds() != null
            && !times().expires().isAfter(times().created().plusSeconds(budget.seconds()))
        ? End.incomplete(MAX_SECONDS)
        : End.EXPIRED;
  }

  /** The call that created the run; null if no other run did. */
  public Origin origin() {
    return definition.origin();
  }

  /** The trace that the run belongs to; null if there is none. */
  public StoredTrace trace() {
    return definition.trace();
  }

  public RunStatus status() {
    return state.status();
  }

  public Times times() {
    return state.times();
  }

  /** Why the run failed; null if it did not. */
  public RunError lastError() {
    return state.lastError();
  }

  /** Which limit ended the run; null if none did. */
  public String incompleteReason() {
    return state.incompleteReason();
  }

  /** The tokens of all model calls so far. */
  public Usage usage() {
    return state.usage();
  }

  /** The node that executes the run; null if none does. */
  public String owner() {
    return state.claim().owner();
  }

  /** How often the run was claimed. */
  public int attempt() {
    return state.claim().attempt();
  }

  /**
   * The root of the tree of runs that this run belongs to; the run itself if nothing created it.
   */
  public RunId root() {
    return origin() == null ? id() : origin().root();
  }

  /** The assistants from the root of the tree of runs down to this run's own. */
  public List<AssistantId> lineage() {
    var lineage = new ArrayList<AssistantId>(origin() == null ? List.of() : origin().callers());
    if (assistantId() != null) {
      lineage.add(assistantId());
    }
    return lineage;
  }

  /** The origin of a run that this run creates for one of its calls. */
  public Origin originOfChild(ToolCallId call, boolean isHandoff) {
    return new Origin(threadId(), id(), call, root(), lineage(), isHandoff);
  }

  /** The same run claimed by a node. */
  public Run claimed(String node, int attempt, Instant at) {
    return with(
        new State(
            RunStatus.IN_PROGRESS,
            times().startedAt(at),
            lastError(),
            incompleteReason(),
            usage(),
            new Claim(node, attempt)));
  }

  /** The same run at its end. */
  public Run ended(End end, Instant at) {
    return with(
        new State(
            end.status(),
            times().endedAt(at, end.status()),
            end.error(),
            end.incompleteReason(),
            usage(),
            new Claim(null, attempt())));
  }

  /** The same run in another status that is not its end. */
  public Run withStatus(RunStatus status) {
    return with(state.with(status));
  }

  /**
   * The run as it was at an earlier status, or at one that it skipped.
   *
   * @param started whether it had been started by then
   */
  public Run atStatus(RunStatus status, boolean started) {
    var then =
        new Times(
            times().created(),
            times().expires(),
            started ? times().started() : null,
            null,
            null,
            null);
    return with(new State(status, then, null, null, usage(), new Claim(null, attempt())));
  }

  /** The same run, created at this time. */
  public Run withCreatedAt(Instant at) {
    return with(state.with(times().createdAt(at)));
  }

  /** The same run after it has used so many tokens in all. */
  public Run withUsage(Usage usage) {
    return with(state.with(usage));
  }

  /** The same run with another event log. */
  public Run withEventLog(String log) {
    return new Run(definition, metadata, state, log);
  }

  /** The same run in another state. */
  public Run with(State newState) {
    return new Run(definition, metadata, newState, eventLog);
  }
}
