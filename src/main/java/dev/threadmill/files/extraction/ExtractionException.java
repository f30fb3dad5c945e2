package dev.threadmill.files.extraction;

/**
 * A file has no text that can be extracted. The message is a sentence for the owner of the file.
 */
public final class ExtractionException extends Exception {
  private final Code code;

  /** The reasons, as in {@code last_error.code} of a file in a vector store. */
  public enum Code {
    /** The format of the file is none that is read. */
    UNSUPPORTED_FILE("unsupported_file"),
    /** The file is damaged, encrypted, or too large to be read within the limits. */
    INVALID_FILE("invalid_file"),
    /** The fault is not the file's; another attempt may succeed. */
    SERVER_ERROR("server_error");

    private final String wire;

    Code(String wire) {
      this.wire = wire;
    }

    /** The code as the API has it. */
    public String wire() {
      return wire;
    }
  }

  public ExtractionException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public ExtractionException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** The reason. */
  public Code code() {
    return code;
  }

  /** An exception with the code of this name. */
  public static ExtractionException unsupported(String message) {
    return new ExtractionException(Code.UNSUPPORTED_FILE, message);
  }

  /** An exception with the code of this name. */
  public static ExtractionException invalid(String message) {
    return new ExtractionException(Code.INVALID_FILE, message);
  }

  /** An exception with the code of this name. */
  public static ExtractionException server(String message, Throwable cause) {
    return new ExtractionException(Code.SERVER_ERROR, message, cause);
  }
}
