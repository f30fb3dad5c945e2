package dev.threadmill.egress;

/**
 * A call that brought no answer that can be used. The message is fit for the eyes of a client and
 * of a model: it names no address that a name was resolved to.
 */
public final class EgressException extends Exception {
  /** What went wrong. */
  public enum Kind {
    /** The address is not one that tools may reach. */
    REFUSED,
    /** No connection came about. */
    UNREACHABLE,
    /** The time was up before the answer was there. */
    TIMED_OUT,
    /** The connection broke, or what came over it was not HTTP. */
    BROKEN,
    /** The answer is larger than allowed. */
    TOO_LARGE
  }

  private final Kind kind;
  private final boolean mayHaveArrived;

  EgressException(Kind kind, boolean mayHaveArrived, String message) {
    super(message);
    this.kind = kind;
    this.mayHaveArrived = mayHaveArrived;
  }

  static EgressException refused(String message) {
    return new EgressException(Kind.REFUSED, false, message);
  }

  EgressException afterArrival() {
    return new EgressException(kind, true, getMessage());
  }

  public Kind kind() {
    return kind;
  }

  /** Whether the receiver may have got the request, and so may have acted on it. */
  public boolean mayHaveArrived() {
    return mayHaveArrived;
  }
}
