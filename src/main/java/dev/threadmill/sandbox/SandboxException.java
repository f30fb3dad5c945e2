package dev.threadmill.sandbox;

/** Code cannot be run, or a file of a session cannot be used. The message is fit for clients. */
public final class SandboxException extends Exception {
  private static final long serialVersionUID = 1;

  /** Why not. */
  public enum Kind {
    /** This node runs no code; the message is the line of {@link Availability}. */
    UNAVAILABLE,
    /** Too many calls wait already. */
    BUSY,
    /** The files need more space than a session has. */
    NO_SPACE,
    /** The session ended, or its process does not start. */
    FAILED
  }

  private final Kind kind;

  public SandboxException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** Why not. */
  public Kind kind() {
    return kind;
  }
}
