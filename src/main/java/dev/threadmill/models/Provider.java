package dev.threadmill.models;

import java.io.IOException;
import java.util.List;

/**
 * A kind of model server, one bean each. {@link ModelRegistry} gives each the models of its kind.
 */
public interface Provider {
  /** The name of the kind, {@code type} in the models file. */
  String type();

  /**
   * The model of this description. Cheap: nothing is called or kept.
   *
   * @param nameAtProvider the name to send, without the date of a pinned version
   */
  LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig settings);

  /**
   * The names of the models that a provider lists, as it is to be sent them; empty if it keeps no
   * list. Blocks for a few seconds at most.
   *
   * @throws IOException if it did not respond with a list
   */
  default List<String> modelNames(ProviderConfig provider)
      throws IOException, InterruptedException {
    return List.of();
  }
}
