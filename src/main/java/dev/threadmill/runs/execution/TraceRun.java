package dev.threadmill.runs.execution;

import dev.threadmill.api.ApiException;
import dev.threadmill.assistants.AssistantCache;
import dev.threadmill.projects.PrivacyOptions;
import dev.threadmill.projects.StrictPrivacy;
import dev.threadmill.runs.store.CallType;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.DebugWork;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Operation;
import dev.threadmill.telemetry.tracing.Tracing;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Traces runs and their calls of tools. Each time that a node executes a run is a span within the
 * trace of the request that created the run, whichever node it is.
 */
@ApplicationScoped
public class TraceRun {
  private static final String NAMELESS = "run";

  private final Tracing tracing;
  private final GenAiMetrics metrics;
  private final AssistantCache assistants;
  private final StrictPrivacy privacy;

  public TraceRun(
      Tracing tracing, GenAiMetrics metrics, AssistantCache assistants, StrictPrivacy privacy) {
    this.privacy = privacy;
    this.tracing = tracing;
    this.metrics = metrics;
    this.assistants = assistants;
  }

  /** Executes a run that this node has claimed. */
  public void execute(Run run, Runnable work) {
    if (run.trace() != null && run.trace().isDebugged()) {
      new DebugWork(run.projectId(), run.cause().requestId(), run.threadId(), run.id())
          .run(() -> trace(run, work));
    } else {
      trace(run, work);
    }
  }

  private void trace(Run run, Runnable work) {
    if (!tracing.isOn()) {
      work.run();
      return;
    }
    var assistant = assistant(run);
    var name = assistant.map(entry -> entry.assistant().name()).orElse(null);
    var stored = Tracing.context(run.trace());
    var parent =
        Tracing.ofConversation(
            isPrivate(run, assistant) ? Tracing.ofPrivateWork(stored) : stored,
            run.threadId().value());
    try (var operation =
        tracing.start(
            GenAi.INVOKE_AGENT + " " + (name == null ? NAMELESS : name),
            SpanKind.INTERNAL,
            parent)) {
      operation
          .set(GenAi.OPERATION, GenAi.INVOKE_AGENT)
          .set(GenAi.AGENT_ID, run.assistantId() == null ? null : run.assistantId().value())
          .set(GenAi.AGENT_NAME, name)
          .set(
              GenAi.AGENT_VERSION,
              assistant.map(entry -> Long.toString(entry.version())).orElse(null))
          .set(GenAi.REQUEST_MODEL, run.settings().model())
          .set(GenAi.RUN_ID, run.id().value())
          .set(GenAi.RUN_ATTEMPT, (long) run.attempt());
      work.run();
    }
  }

  private boolean isPrivate(Run run, Optional<AssistantCache.Entry> assistant) {
    return tracing.capturesContent() && (isStrict(assistant) || privacy.isSetFor(run.projectId()));
  }

  private static boolean isStrict(Optional<AssistantCache.Entry> assistant) {
    return assistant
        .map(entry -> entry.assistant().privacy())
        .filter(privacy -> privacy.mode() == PrivacyOptions.Mode.STRICT)
        .isPresent();
  }

  private Optional<AssistantCache.Entry> assistant(Run run) {
    try {
      return run.assistantId() == null
          ? Optional.empty()
          : Optional.of(assistants.get(run.projectId(), run.assistantId()));
    } catch (ApiException e) {
      // It was deleted meanwhile.
      return Optional.empty();
    }
  }

  /** The run has ended on the thread that executes it. */
  public static void ended(Run run) {
    var span = Span.current();
    if (span.isRecording()) {
      span.setAttribute(GenAi.RUN_STATUS, run.status().name().toLowerCase(Locale.ROOT));
      span.setAttribute(GenAi.INPUT_TOKENS, run.usage().promptTokens());
      span.setAttribute(GenAi.OUTPUT_TOKENS, run.usage().completionTokens());
      if (run.status() == RunStatus.FAILED) {
        span.setStatus(StatusCode.ERROR);
        span.setAttribute(
            GenAi.ERROR_TYPE, run.lastError() == null ? "failed" : run.lastError().code());
      }
    }
  }

  /** The work of a thread that executes a call for the run of the current thread. */
  public Runnable inRun(Runnable work) {
    return tracing.inCurrent(work);
  }

  /**
   * What a span shows of the result of a call.
   *
   * @param activity the event of the call; null if it was not executed
   */
  public record ToolOutcome(String output, Activity activity) {}

  /**
   * Executes a call of a tool.
   *
   * @param outcome of what the work returns
   */
  public <R> R executeTool(ToolCall call, Supplier<R> work, Function<R, ToolOutcome> outcome) {
    long started = System.nanoTime();
    try (var operation = tracing.start(GenAi.EXECUTE_TOOL + " " + call.name(), SpanKind.INTERNAL)) {
      operation
          .set(GenAi.OPERATION, GenAi.EXECUTE_TOOL)
          .set(GenAi.TOOL_NAME, call.name())
          .set(GenAi.TOOL_TYPE, toolType(call))
          .set(GenAi.TOOL_CALL, call.id().value());
      var result = work.get();
      var shown = outcome.apply(result);
      var error = error(shown);
      if (error != null) {
        operation.failed(error);
      }
      addContent(operation, call, shown);
      metrics.tool(
          call.callType().name().toLowerCase(Locale.ROOT),
          Duration.ofNanos(System.nanoTime() - started),
          error);
      return result;
    }
  }

  private static String toolType(ToolCall call) {
    return call.callType() == CallType.FILE_SEARCH ? "datastore" : "extension";
  }

  private void addContent(Operation operation, ToolCall call, ToolOutcome result) {
    if (operation.isRecording() && tracing.capturesContent()) {
      operation
          .set(GenAi.TOOL_ARGUMENTS, call.argumentsAsJson())
          .set(GenAi.TOOL_RESULT, result.output());
    }
  }

  private static String error(ToolOutcome result) {
    var activity = result.activity();
    return activity == null || activity.details() == null
        ? null
        : activity.details().path("error").textValue();
  }
}
