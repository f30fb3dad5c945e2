package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.ExtractionException;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.poi.util.RecordFormatException;
import org.apache.tika.exception.EncryptedDocumentException;
import org.apache.tika.exception.UnsupportedFormatException;
import org.apache.tika.exception.WriteLimitReachedException;
import org.apache.tika.exception.ZeroByteFileException;

/** Says in a sentence for the owner of a file why it was not read. */
final class Failures {
  private Failures() {}

  static ExtractionException of(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      var message = cause.getMessage() == null ? "" : cause.getMessage();
      if (cause instanceof ExtractionException known) {
        return known;
      }
      if (cause instanceof EncryptedDocumentException
          || cause instanceof org.apache.poi.EncryptedDocumentException
          || cause instanceof InvalidPasswordException) {
        return ExtractionException.invalid("The file is encrypted, and its password is not known.");
      }
      if (cause instanceof ZeroByteFileException) {
        return ExtractionException.invalid("The file is empty.");
      }
      if (cause instanceof UnsupportedFormatException) {
        return ExtractionException.unsupported("This variant of the format is not supported.");
      }
      if (cause instanceof StackOverflowError) {
        return ExtractionException.invalid("The file is nested too deeply.");
      }
      if (cause instanceof WriteLimitReachedException
          || message.contains("Zip bomb")
          || message.contains("zip bomb")
          || message.contains("too much text")) {
        return bomb();
      }
      if (cause instanceof RecordFormatException && message.contains("maximum")) {
        return ExtractionException.invalid("A part of the file is larger than can be read.");
      }
      if (message.contains("entity expansion") || message.contains("entities")) {
        return ExtractionException.invalid("The file expands XML entities without end.");
      }
    }
    return ExtractionException.invalid("The file is damaged or is not what its format requires.");
  }

  static ExtractionException bomb() {
    return ExtractionException.invalid(
        "The file expands to far more than its size; it looks like a decompression bomb.");
  }
}
