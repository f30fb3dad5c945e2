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
 * Finds what a run's model is to remember of what its window does not show: the summary, and what
 * is recalled. It is given little time, and whatever goes wrong the run goes on without.
 */
@ApplicationScoped
public class RetrieveMemory {
  private static final Logger LOG = Logger.getLogger(RetrieveMemory.class);

  /** Searches at a time; when the database is slow, runs do not queue up behind each other here. */
  private static final int MOST_AT_ONCE = 32;

  /** What is so many times less likely than the best is not worth its tokens. */
  private static final double FAR_BEHIND = 20;

  private final SummaryStore summaries;
  private final Recall recall;
  private final TextStore texts;
  private final MemoryConfig config;
  private final Semaphore places = new Semaphore(MOST_AT_ONCE);

  RetrieveMemory(SummaryStore summaries, Recall recall, TextStore texts, MemoryConfig config) {
    this.summaries = summaries;
    this.recall = recall;
    this.texts = texts;
    this.config = config;
  }

  /**
   * What is wanted.
   *
   * @param leftOut whether the thread has more than the window shows
   * @param shown the ids of the messages that the window shows, asked for only if it matters
   * @param query the newest message of the user; null if it has no text
   * @param maxTokens what it may cost in the prompt
   */
  public record Request(
      ProjectId project,
      ThreadId thread,
      AssistantId assistant,
      MemoryPolicy policy,
      boolean leftOut,
      Supplier<Set<String>> shown,
      String query,
      int maxTokens) {}

  /** How it went. */
  public enum State {
    /** Asked, and this is what came of it. */
    @JsonProperty("asked")
    ASKED,
    /** The assistant's memory is switched off. */
    @JsonProperty("off")
    OFF,
    /** The window shows all that could be remembered. */
    @JsonProperty("not_needed")
    NOT_NEEDED,
    /** It took too long. */
    @JsonProperty("timed_out")
    TIMED_OUT,
    /** It went wrong. */
    @JsonProperty("failed")
    FAILED
  }

  /**
   * What the model is to remember.
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

    /** As the model is told it; empty if there is nothing. */
    public String text() {
      return MemoryPrompt.of(summary, recalled);
    }
  }

  /** What the model is to remember, or why nothing. Never throws but when interrupted. */
  public Result retrieve(Request wanted) throws InterruptedException {
    var policy = wanted.policy();
    if (!policy.enabled()) {
      return Result.nothing(State.OFF);
    }
    boolean threadOnly = policy.scope() == Scope.THREAD;
    if (!wanted.leftOut() && threadOnly) {
      return Result.nothing(State.NOT_NEEDED);
    }
    if (!places.tryAcquire()) {
      return Result.nothing(State.TIMED_OUT);
    }
    var summary = new AtomicReference<>(Result.nothing(State.ASKED));
    var task = new FutureTask<>(() -> find(wanted, summary));
    // Not interrupted when time is up: an interrupt would break the database connection.
    Thread.ofVirtual()
        .name("recall")
        .start(
            () -> {
              try {
                task.run();
              } finally {
                places.release();
              }
            });
    try {
      return task.get(config.recallTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.infof("recall=timed_out thread_id=%s", wanted.thread());
      return summary.get().but(State.TIMED_OUT);
    } catch (ExecutionException e) {
      LOG.warnf("recall=failed thread_id=%s reason=%s", wanted.thread(), e.getCause());
      return summary.get().but(State.FAILED);
    }
  }

  /**
   * @param early is given the summary as soon as it is there, in case the recall takes too long
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
    var found =
        recall.recall(
            scope(wanted),
            wanted.query(),
            config.recalled(),
            wanted.shown().get(),
            config.vectorTimeout());
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

  /** Brings back what a step's model call was given, from the references that were kept. */
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
