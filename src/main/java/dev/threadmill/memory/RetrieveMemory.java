package dev.threadmill.memory;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.assistants.MemoryOptions.SummaryMethod;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.recall.Recall;
import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Operation;
import dev.threadmill.telemetry.tracing.Tracing;
import io.opentelemetry.api.trace.SpanKind;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Retrieves the memory for a model call: the summary, and passages that the window does not show.
 * It has a short timeout, and a failure never fails the run.
 */
@ApplicationScoped
public class RetrieveMemory {
  private static final Logger LOG = Logger.getLogger(RetrieveMemory.class);

  /** The most concurrent searches. When the database is slow, further runs continue at once. */
  private static final int MOST_AT_ONCE = 32;

  /** A passage with a score so many times below the best one is left out. */
  private static final double FAR_BEHIND = 20;

  private final SummaryStore summaries;
  private final Recall recall;
  private final TextStore texts;
  private final VectorRequests requests;
  private final MemoryConfig config;
  private final Tracing tracing;
  private final Semaphore places = new Semaphore(MOST_AT_ONCE);

  RetrieveMemory(
      SummaryStore summaries,
      Recall recall,
      TextStore texts,
      VectorRequests requests,
      MemoryConfig config,
      Tracing tracing) {
    this.tracing = tracing;
    this.summaries = summaries;
    this.recall = recall;
    this.texts = texts;
    this.requests = requests;
    this.config = config;
  }

  /**
   * A request.
   *
   * @param leftOut whether the thread has messages that the window does not show
   * @param nearEnd whether it will have some soon
   * @param shown the ids of the messages in the window, computed only if needed
   * @param query the newest message of the user; null if it has no text
   * @param maxTokens the most tokens that the memory may use in the prompt
   */
  public record Request(
      ProjectId project,
      ThreadId thread,
      AssistantId assistant,
      MemoryPolicy policy,
      boolean leftOut,
      boolean nearEnd,
      Supplier<Set<String>> shown,
      String query,
      int maxTokens) {}

  /** The outcome of a retrieval. */
  public enum State {
    /** The memory was searched. */
    @JsonProperty("asked")
    ASKED,
    /** The assistant's memory is disabled. */
    @JsonProperty("off")
    OFF,
    /** The window shows everything that could be recalled. */
    @JsonProperty("not_needed")
    NOT_NEEDED,
    /** The search timed out. */
    @JsonProperty("timed_out")
    TIMED_OUT,
    /** The search failed. */
    @JsonProperty("failed")
    FAILED
  }

  /**
   * The memory of a model call.
   *
   * @param summaryVersion null if there is no summary
   * @param summary its text; null if there is none
   * @param recalled best first
   */
  public record Result(
      State state, Integer summaryVersion, String summary, List<Recall.Passage> recalled) {
    public Result {
      recalled = List.copyOf(recalled);
    }

    static Result nothing(State state) {
      return new Result(state, null, null, List.of());
    }

    private Result with(List<Recall.Passage> recalled) {
      return new Result(state, summaryVersion, summary, recalled);
    }

    private Result but(State state) {
      return new Result(state, summaryVersion, summary, recalled);
    }

    /** The text for the model; empty if there is no memory. */
    public String text() {
      return MemoryPrompt.of(summary, recalled);
    }
  }

  /** Retrieves the memory. Throws only if interrupted. */
  public Result retrieve(Request wanted) throws InterruptedException {
    var policy = wanted.policy();
    if (!policy.enabled()) {
      return Result.nothing(State.OFF);
    }
    boolean threadOnly = policy.scope() == Scope.THREAD;
    if (!wanted.leftOut() && threadOnly) {
      if (wanted.nearEnd()) {
        requests.add(new MemoryScope.OfThread(wanted.project(), wanted.thread()));
      }
      return Result.nothing(State.NOT_NEEDED);
    }
    if (!places.tryAcquire()) {
      return Result.nothing(State.TIMED_OUT);
    }
    try (var operation = tracing.start(GenAi.SEARCH_MEMORY, SpanKind.INTERNAL)) {
      operation.set(GenAi.OPERATION, GenAi.SEARCH_MEMORY);
      return search(wanted, operation);
    }
  }

  /** Searches, within the permit that this method returns. */
  private Result search(Request wanted, Operation operation) throws InterruptedException {
    var summary = new AtomicReference<>(Result.nothing(State.ASKED));
    var task = new FutureTask<>(() -> find(wanted, summary));
    // Not interrupted at the timeout: an interrupt would break the database connection.
    Thread.ofVirtual()
        .name("recall")
        .start(
            tracing.inCurrent(
                () -> {
                  try {
                    task.run();
                  } finally {
                    places.release();
                  }
                }));
    try {
      return task.get(config.recallTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.infof("recall=timed_out thread_id=%s", wanted.thread());
      operation.failed("timeout");
      return summary.get().but(State.TIMED_OUT);
    } catch (ExecutionException e) {
      operation.failed(e.getCause().getClass().getSimpleName());
      LOG.warnf("recall=failed thread_id=%s reason=%s", wanted.thread(), e.getCause());
      return summary.get().but(State.FAILED);
    }
  }

  /**
   * @param early receives the summary at once, in case the recall times out
   */
  private Result find(Request wanted, AtomicReference<Result> early) throws InterruptedException {
    var summary =
        wanted.leftOut() && wanted.policy().summaryMethod() != SummaryMethod.NONE
            ? summaries.latest(wanted.thread())
            : Optional.<SummaryStore.Summary>empty();
    int room = wanted.maxTokens() - TokenCounter.count(MemoryPrompt.of("", List.of()));
    if (summary.isPresent()) {
      int cost = TokenCounter.count(summary.get().text());
      if (cost > room) {
        summary = Optional.empty();
      } else {
        room -= cost;
      }
    }
    early.set(
        new Result(
            State.ASKED,
            summary.map(SummaryStore.Summary::version).orElse(null),
            summary.map(SummaryStore.Summary::text).orElse(null),
            List.of()));
    return early.get().with(recalled(wanted, room));
  }

  private List<Recall.Passage> recalled(Request wanted, int room) throws InterruptedException {
    if (wanted.query() == null || wanted.query().isBlank()) {
      return List.of();
    }
    var scope = scope(wanted);
    requests.add(scope);
    var found =
        recall.recall(
            scope, wanted.query(), config.recalled(), wanted.shown().get(), config.vectorTimeout());
    var fitting = new ArrayList<Recall.Passage>();
    for (var memory : found) {
      int cost = TokenCounter.count(MemoryPrompt.passage(memory));
      double least = Math.max(config.leastScore(), found.getFirst().score() / FAR_BEHIND);
      if (memory.score() >= least && cost <= room) {
        fitting.add(memory);
        room -= cost;
      }
    }
    return fitting;
  }

  private MemoryScope scope(Request wanted) {
    var thread = new MemoryScope.OfThread(wanted.project(), wanted.thread());
    return switch (wanted.policy().scope()) {
      case THREAD -> thread;
      case ASSISTANT -> new MemoryScope.OfAssistant(wanted.project(), wanted.assistant().value());
      case USER ->
          texts
              .thread(wanted.project(), wanted.thread())
              .map(TextStore.ThreadInfo::userId)
              .<MemoryScope>map(user -> new MemoryScope.OfUser(wanted.project(), user))
              .orElse(thread);
    };
  }

  /** Reads the memory of a step's model call again, from its references. */
  public Result restore(ThreadId thread, MemoryReferences sent) {
    var summary =
        sent.summaryVersion() == null
            ? Optional.<SummaryStore.Summary>empty()
            : summaries.version(thread, sent.summaryVersion());
    var texts =
        this.texts.read(sent.recalled().stream().map(MemoryReferences.Item::reference).toList());
    var recalled = new ArrayList<Recall.Passage>();
    for (var item : sent.recalled()) {
      var text = texts.get(item.reference());
      if (text != null) {
        recalled.add(item.memory(text));
      }
    }
    return new Result(
        sent.state(),
        sent.summaryVersion(),
        summary.map(SummaryStore.Summary::text).orElse(null),
        recalled);
  }
}
