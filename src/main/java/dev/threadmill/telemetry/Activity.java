package dev.threadmill.telemetry;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * One thing that happened, as the outbox stores it and the log of a project shows it. A field that
 * does not apply to the event, or is not known, is null.
 *
 * @param event the type of the event, such as {@code run.completed} or {@code tool_call}
 * @param timestamp of the event, in UTC as ISO 8601
 * @param tool the name of the tool that was called
 * @param latencyMs how long it took; of the end of a run, since its creation
 * @param safetyFlag {@code content_filter} if a filter or the provider withheld content, {@code
 *     safety} if the safety policy of the run did
 * @param key the API key whose request led to the event
 * @param cost in US dollars
 * @param status of what the event is about, after it
 * @param requestId the id of the request that led to the event
 * @param details what only events of this type have
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Activity(
    String event,
    String timestamp,
    ProjectId projectId,
    AssistantId assistantId,
    ThreadId threadId,
    RunId runId,
    String tool,
    Long latencyMs,
    Long inputTokens,
    Long outputTokens,
    String safetyFlag,
    String model,
    ApiKeyId key,
    BigDecimal cost,
    String status,
    String requestId,
    ObjectNode details) {
  private static final Logger LOG = Logger.getLogger(Activity.class);

  /** A run was created. */
  public static final String RUN_CREATED = "run.created";

  /** A run waits for its client to execute calls. */
  public static final String RUN_REQUIRES_ACTION = "run.requires_action";

  /** A run ended; the status at its end follows. */
  public static final String RUN = "run.";

  /** A message was added to a thread. */
  public static final String MESSAGE_CREATED = "message.created";

  /** A model was called, by a run or for something else. */
  public static final String MODEL_CALL = "model_call";

  /** A call of a tool was executed. */
  public static final String TOOL_CALL = "tool_call";

  /** A run called another assistant. */
  public static final String AGENT_ROUTING = "agent_routing";

  /** A run handed its conversation over to another assistant. */
  public static final String HANDOFF = "handoff";

  /** A summary of a thread was made. */
  public static final String MEMORY_SUMMARY = "memory_summary";

  /** A file in a vector store was indexed, or could not be; its status follows. */
  public static final String VECTOR_STORE_FILE = "vector_store.file.";

  /** A limit refused a request or a model call. */
  public static final String LIMIT_REFUSED = "limit.refused";

  /** Entries of a debug log were read or deleted by an admin. */
  public static final String DEBUG_LOG_ACCESSED = "debug_log.accessed";

  /** A share of a budget is used at which an alert was wanted. */
  public static final String BUDGET_ALERT = "budget.alert";

  /** A session of the code interpreter was opened. */
  public static final String CODE_SESSION = "code_session";

  /** The safety flag of content that was withheld. */
  public static final String CONTENT_FILTER = "content_filter";

  /** The safety flag of an answer of which a part was withheld for the safety policy of the run. */
  public static final String SAFETY = "safety";

  /** The beginning of an event. */
  public static Builder of(String event, ProjectId project, Instant at) {
    return new Builder(event, project, at);
  }

  /** Collects the fields of an event. */
  public static final class Builder {
    private final String event;
    private final ProjectId project;
    private final Instant at;
    private AssistantId assistant;
    private ThreadId thread;
    private RunId run;
    private String tool;
    private Long latencyMs;
    private Long inputTokens;
    private Long outputTokens;
    private String safetyFlag;
    private String model;
    private ApiKeyId key;
    private BigDecimal cost;
    private String status;
    private String requestId;
    private ObjectNode details;

    private Builder(String event, ProjectId project, Instant at) {
      this.event = event;
      this.project = project;
      this.at = at;
    }

    public Builder assistant(AssistantId id) {
      assistant = id;
      return this;
    }

    public Builder thread(ThreadId id) {
      thread = id;
      return this;
    }

    public Builder run(RunId id) {
      run = id;
      return this;
    }

    public Builder tool(String name) {
      tool = name;
      return this;
    }

    /** Not less than 0: the clocks of nodes differ. */
    public Builder latencyMs(long millis) {
      latencyMs = Math.max(0, millis);
      return this;
    }

    public Builder tokens(long input, long output) {
      inputTokens = input;
      outputTokens = output;
      return this;
    }

    public Builder safetyFlag(String flag) {
      safetyFlag = flag;
      return this;
    }

    public Builder model(String name) {
      model = name;
      return this;
    }

    public Builder cause(Cause cause) {
      key = cause.key();
      requestId = cause.requestId();
      return this;
    }

    public Builder cost(BigDecimal dollars) {
      cost = dollars;
      return this;
    }

    public Builder status(String text) {
      status = text;
      return this;
    }

    /** Adds a detail, unless its value is null. */
    public Builder detail(String name, String value) {
      if (value != null) {
        details = details == null ? Json.MAPPER.createObjectNode() : details;
        details.put(name, value);
      }
      return this;
    }

    /** Adds a count as a detail, unless it is 0. */
    public Builder detail(String name, long count) {
      if (count != 0) {
        details = details == null ? Json.MAPPER.createObjectNode() : details;
        details.put(name, count);
      }
      return this;
    }

    /** Adds a list as a detail, unless it is empty. */
    public Builder detail(String name, Collection<String> values) {
      if (!values.isEmpty()) {
        details = details == null ? Json.MAPPER.createObjectNode() : details;
        values.forEach(details.putArray(name)::add);
      }
      return this;
    }

    /** The event. */
    public Activity build() {
      return new Activity(
          event,
          at.toString(),
          project,
          assistant,
          thread,
          run,
          tool,
          latencyMs,
          inputTokens,
          outputTokens,
          safetyFlag,
          model,
          key,
          cost,
          status,
          requestId,
          details);
    }
  }

  /** As an event of the outbox. */
  public OutboxEvent toEvent() {
    return new OutboxEvent(projectId, threadId, event, Json.MAPPER.valueToTree(this));
  }

  /** What {@link #toEvent} has stored; empty for an event of another shape. */
  public static Optional<Activity> of(OutboxEvent event) {
    try {
      return Optional.of(Json.MAPPER.convertValue(event.payload(), Activity.class));
    } catch (IllegalArgumentException e) {
      LOG.warnf("event not read id=%s type=%s", event.id(), event.type());
      return Optional.empty();
    }
  }

  /** Whether it is the end of a run. */
  boolean isRunEnd() {
    return event.startsWith(RUN)
        && !event.equals(RUN_CREATED)
        && !event.equals(RUN_REQUIRES_ACTION);
  }
}
