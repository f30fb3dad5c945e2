package dev.threadmill.models;

/** A model was refused because the data of the project would leave its region. */
public final class RegionMismatchException extends ModelException {
  /** The code of errors about data that would leave its region. */
  public static final String CODE = "data_residency_mismatch";

  private static final long serialVersionUID = 1;

  /**
   * @param reason a sentence for clients
   */
  public RegionMismatchException(String reason) {
    super(Kind.INVALID_PROMPT, reason);
  }
}
