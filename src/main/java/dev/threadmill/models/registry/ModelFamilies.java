package dev.threadmill.models.registry;

import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ProviderConfig;
import java.util.List;

/**
 * What families of models can do, for names that the models file does not describe. The first
 * prefix that matches counts. Prices are not here: they change, and differ between customers.
 */
final class ModelFamilies {
  private static final int K = 1_000;

  private static final List<Family> FAMILIES =
      List.of(
          new Family("gpt-5", 400 * K, 128 * K, true, true, false, true),
          new Family("gpt-4.1", 1_047_576, 32_768, true, true, false, false),
          new Family("gpt-4o-audio", 128 * K, 16_384, false, false, true, false, true),
          new Family("gpt-4o-mini-audio", 128 * K, 16_384, false, false, true, false, true),
          new Family("gpt-audio", 128 * K, 16_384, false, false, true, false, true),
          new Family("gpt-4o", 128 * K, 16_384, true, true, false, false),
          new Family("gpt-4.5", 128 * K, 16_384, true, true, false, false),
          new Family("gpt-4-turbo", 128 * K, 4_096, true, false, false, false),
          new Family("gpt-4-32k", 32_768, 4_096, false, false, false, false),
          new Family("gpt-4-reasoner", 200 * K, 100 * K, true, true, false, true),
          new Family("gpt-4", 8_192, 4_096, false, false, false, false),
          new Family("gpt-3.5", 16_385, 4_096, false, false, false, false),
          new Family("o1", 200 * K, 100 * K, true, true, false, true),
          new Family("o3", 200 * K, 100 * K, true, true, false, true),
          new Family("o4", 200 * K, 100 * K, true, true, false, true),
          new Family("claude-3-5", 200 * K, 8_192, true, true, false, false),
          new Family("claude-3-7", 200 * K, 64 * K, true, true, false, true),
          new Family("claude-3", 200 * K, 4_096, true, false, false, false),
          new Family("claude-", 200 * K, 32 * K, true, true, false, true),
          new Family("gemini-", 1_048_576, 65_536, true, true, true, true),
          new Family("", 128 * K, 16_384, true, false, true, true, true));

  private record Family(
      String prefix,
      int contextWindow,
      int maxOutput,
      boolean images,
      boolean files,
      boolean audio,
      boolean reasoning,
      boolean speech) {
    Family(
        String prefix,
        int contextWindow,
        int maxOutput,
        boolean images,
        boolean files,
        boolean audio,
        boolean reasoning) {
      this(prefix, contextWindow, maxOutput, images, files, audio, reasoning, false);
    }
  }

  private ModelFamilies() {}

  /** Whether the name belongs to a family that is described here. */
  static boolean describes(String name) {
    return FAMILIES.stream()
        .anyMatch(family -> !family.prefix().isEmpty() && name.startsWith(family.prefix()));
  }

  /**
   * The best that is known of a model of this name at a provider. Providers that serve the models
   * of others under their names often refuse files, so those have to be said to read them.
   */
  static ModelInfo info(String name, ProviderConfig provider) {
    var family =
        FAMILIES.stream().filter(each -> name.startsWith(each.prefix())).findFirst().orElseThrow();
    return new ModelInfo(
        name,
        provider.name(),
        family.contextWindow(),
        family.maxOutput(),
        true,
        family.images(),
        family.files() && provider.readsFiles(),
        family.audio(),
        family.reasoning(),
        null,
        provider.region(),
        null,
        family.speech(),
        false);
  }
}
