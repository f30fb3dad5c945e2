package dev.threadmill.models;

import java.io.IOException;
import java.util.List;

/**
 * A kind of model server, one bean each. {@link ModelRegistry} gives each the models of its kind.
 */
public interface Provider {
  /** The kind, as {@code type} in the models file names it. */
  String type();

  /**
   * The model of this description. Cheap: nothing is called, and nothing is kept.
   *
   * @param nameAtProvider the name to send, without the date it may be pinned to
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
