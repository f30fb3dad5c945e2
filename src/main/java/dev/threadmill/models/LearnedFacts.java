package dev.threadmill.models;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * What this node learned about models, for a day: a provider may mend what it refused. Each entry
 * has a few hundred bytes.
 */
@ApplicationScoped
public class LearnedFacts {
  private static final Logger LOG = Logger.getLogger(LearnedFacts.class);
  private static final int MAX_MODELS = 10_000;
  private static final Duration LIFE = Duration.ofDays(1);

  private final Cache<String, ModelFacts> facts =
      Caffeine.newBuilder().maximumSize(MAX_MODELS).expireAfterWrite(LIFE).build();

  /**
   * What is known of a model.
   *
   * @param provider the name of the provider
   * @param model its name at the provider
   */
  public ModelFacts of(String provider, String model) {
    var known = facts.getIfPresent(key(provider, model));
    return known == null ? ModelFacts.NONE : known;
  }

  /** Remembers what is known of a model now. */
  public void remember(String provider, String model, ModelFacts learned) {
    facts.put(key(provider, model), learned);
    LOG.infof(
        "model_learned provider=%s model=%s unsupported=%s max_tokens_field=%s max_output=%d"
            + " context_window=%d strict=%s short_ids=%s",
        provider,
        model.replaceAll("\\s", "_"),
        learned.unsupported(),
        learned.maxTokensField(),
        learned.maxOutput(),
        learned.contextWindow(),
        learned.isStrict(),
        learned.hasShortIds());
  }

  private static String key(String provider, String model) {
    return provider + "\n" + model;
  }
}
