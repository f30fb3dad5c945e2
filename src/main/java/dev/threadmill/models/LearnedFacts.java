package dev.threadmill.models;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.models.pace.ModelPace;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
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

  /** Paces that no call has used for so long have no bound any more. */
  private static final Duration PACE_LIFE = Duration.ofHours(1);

  private final Cache<String, ModelPace> paces =
      Caffeine.newBuilder().maximumSize(MAX_MODELS).expireAfterAccess(PACE_LIFE).build();

  /** How many calls of a model are made at once. Parameters as of {@link #of}. */
  public ModelPace pace(String provider, String model) {
    return paces.get(key(provider, model), _ -> new ModelPace());
  }

  /**
   * How many concurrent calls an owner of work may make of the models whose providers limit their
   * rate at the moment, by provider and model.
   */
  public Map<String, Integer> shares(String owner) {
    var shares = new TreeMap<String, Integer>();
    paces
        .asMap()
        .forEach(
            (key, pace) ->
                pace.share(owner).ifPresent(calls -> shares.put(key.replace('\n', '/'), calls)));
    return shares;
  }

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
