package dev.threadmill.models;

/**
 * The prompt is too long for the model. Its context window is known now, so a prompt that is cut to
 * it can succeed: {@link ModelRegistry} describes the model with the window that was learned.
 */
public final class ContextWindowException extends ModelException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message in the words of the provider
   */
  public ContextWindowException(String message) {
    super(Kind.INVALID_PROMPT, message);
  }
}
