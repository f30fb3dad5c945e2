package dev.threadmill.imports;

/** An import cannot continue. Its message is shown in the import. */
final class ImportFailedException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean mayPass;

  /**
   * @param mayPass whether the reason may pass, so that it is tried again
   */
  ImportFailedException(String message, boolean mayPass) {
    super(message);
    this.mayPass = mayPass;
  }

  boolean mayPass() {
    return mayPass;
  }
}
