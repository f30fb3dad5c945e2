package dev.threadmill.models.registry;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Names that stand for a model: {@code reasoner}, {@code fast}, {@code tiny}, and other words that
 * the models file gives to a model as its tier. The setting {@code THREADMILL_TIERS} comes before
 * the models file.
 */
final class ModelTiers {
  /** The tiers that never are the name of a model at a provider. */
  static final Set<String> RESERVED = Set.of("reasoner", "fast", "tiny");

  private static final String SETTING = "THREADMILL_TIERS";

  private final Map<String, String> models;

  private ModelTiers(Map<String, String> models) {
    this.models = models;
  }

  /**
   * @param setting the pairs {@code tier=model}, separated by commas
   */
  static ModelTiers of(Optional<String> setting, ModelsFile file) {
    var models = new LinkedHashMap<String, String>();
    for (var pair : setting.orElse("").split(",")) {
      if (pair.isBlank()) {
        continue;
      }
      var parts = pair.strip().split("=", 2);
      if (parts.length < 2 || parts[0].isBlank() || parts[1].isBlank()) {
        throw new ModelsFileException(
            SETTING, "must be pairs such as fast=gpt-4o-mini, separated by commas: " + pair);
      }
      var tier = parts[0].strip();
      if (models.put(tier, parts[1].strip()) != null) {
        throw new ModelsFileException(SETTING, "has the tier '%s' twice".formatted(tier));
      }
    }
    models.forEach(
        (tier, model) -> {
          if (models.containsKey(model) || RESERVED.contains(model)) {
            throw new ModelsFileException(
                SETTING, "must map '%s' to a model, not to the tier '%s'".formatted(tier, model));
          }
        });
    for (var entry : file.models()) {
      if (entry.info().tier() != null && !entry.isPattern()) {
        models.putIfAbsent(entry.info().tier(), entry.info().name());
      }
    }
    return new ModelTiers(models);
  }

  /** The tiers that stand for a model, and the names of their models. */
  Map<String, String> all() {
    return models;
  }

  /** The name of the model that a name stands for; the name itself if it is no tier. */
  String modelOf(String name) {
    return models.getOrDefault(name, name);
  }

  /** Whether the name is one of the three tiers, and stands for no model. */
  boolean isUnmapped(String name) {
    return RESERVED.contains(name) && !models.containsKey(name);
  }
}
