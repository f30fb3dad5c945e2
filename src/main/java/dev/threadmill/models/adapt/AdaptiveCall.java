package dev.threadmill.models.adapt;

import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.EmittedDeltas;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.TokenCounter;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Makes a call and, where the provider refuses it for what can be written otherwise, makes it once
 * more as the refusal teaches. What was learned is remembered for the model; that it takes no
 * images or the like, only if it took the request without them.
 */
public final class AdaptiveCall {
  /** A request can be refused for several things, one after the other. */
  private static final int MAX_LESSONS = 8;

  private static final int SPARE_TOKENS = 64;

  private final LearnedFacts learned;
  private final String provider;
  private final String model;
  private final ModelInfo info;

  /**
   * @param model its name at the provider
   * @param info what is known of it without what was learned
   */
  public AdaptiveCall(LearnedFacts learned, String provider, String model, ModelInfo info) {
    this.learned = learned;
    this.provider = provider;
    this.model = model;
    this.info = info;
  }

  /** One way to write and send the request. */
  public interface Attempt {
    /**
     * @param facts by which the request is written
     * @param maxTokens the most tokens of the completion; null for no limit
     * @param sent is filled with the names of the parameters that the request has
     * @throws ProviderException if the provider failed or refused
     */
    ModelResponse run(
        ModelFacts facts, Integer maxTokens, Set<String> sent, Consumer<ModelDelta> deltas)
        throws InterruptedException;
  }

  /**
   * The response.
   *
   * @throws ContextWindowException if the prompt is too long, for a window that is known now
   * @throws ModelException if the call failed
   */
  public ModelResponse run(ModelRequest request, Consumer<ModelDelta> deltas, Attempt attempt)
      throws InterruptedException {
    var emitted = new EmittedDeltas(deltas);
    var omitted = new LinkedHashSet<String>();
    var lasting = new LinkedHashSet<String>();
    for (int lessons = 0; ; lessons++) {
      var facts = learned.of(provider, model);
      var sent = new HashSet<String>();
      try {
        var response =
            attempt.run(without(facts, omitted), maxTokens(request, facts), sent, emitted);
        rememberOmitted(lasting);
        return response;
      } catch (ProviderException e) {
        if (emitted.any() || e.error().isEmpty() || lessons == MAX_LESSONS) {
          throw e;
        }
        int prompt = TokenCounter.count(request);
        var lesson = Refusals.learn(e.error().get(), facts, sent, prompt, info.contextWindow());
        switch (lesson.orElseThrow(() -> e)) {
          case Refusals.Lesson.Omit(var kind, var isLasting) -> {
            if (e.isRetryable() || !omitted.add(kind)) {
              throw e;
            }
            if (isLasting) {
              lasting.add(kind);
            }
          }
          case Refusals.Lesson.Rewrite(var better) -> learned.remember(provider, model, better);
          case Refusals.Lesson.TooLong(var better) -> {
            learned.remember(provider, model, better);
            if (!helps(request, facts, better, prompt)) {
              throw new ContextWindowException(e.getMessage());
            }
          }
        }
      }
    }
  }

  private static ModelFacts without(ModelFacts facts, Set<String> kinds) {
    var fewer = facts;
    for (var kind : kinds) {
      fewer = fewer.without(kind);
    }
    return fewer;
  }

  private void rememberOmitted(Set<String> omitted) {
    if (!omitted.isEmpty()) {
      learned.remember(provider, model, without(learned.of(provider, model), omitted));
    }
  }

  /** Whether a lower limit of the completion is all that the prompt needs to fit. */
  private static boolean helps(
      ModelRequest request, ModelFacts before, ModelFacts after, int prompt) {
    var first = maxTokens(request, before);
    var second = maxTokens(request, after);
    return first != null
        && second != null
        && second < first
        && prompt * after.tokenRatio() + second <= after.contextWindow();
  }

  private static Integer maxTokens(ModelRequest request, ModelFacts facts) {
    var wanted = request.maxCompletionTokens();
    if (wanted == null) {
      return null;
    }
    long most = facts.maxOutput() > 0 ? Math.min(wanted, facts.maxOutput()) : wanted;
    if (facts.contextWindow() > 0) {
      long left =
          facts.contextWindow()
              - (long) (TokenCounter.count(request) * facts.tokenRatio())
              - SPARE_TOKENS;
      most = left > 0 ? Math.min(most, left) : most;
    }
    return (int) Math.max(1, most);
  }
}
