package dev.threadmill.models;

/**
 * A way to reach models: one bean for each kind of server that is spoken to. {@link ModelRegistry}
 * finds the beans and hands each the models that are its own.
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
}
