package dev.threadmill.files;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.ApiException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a file is for, as the client says. The server treats files of all purposes alike. */
public enum FilePurpose {
  ASSISTANTS("assistants", true),
  ASSISTANTS_OUTPUT("assistants_output", false),
  BATCH("batch", true),
  BATCH_OUTPUT("batch_output", false),
  EVALS("evals", true),
  FINE_TUNE("fine-tune", true),
  FINE_TUNE_RESULTS("fine-tune-results", false),
  USER_DATA("user_data", true),
  VISION("vision", true);

  /** A spelling that clients use. */
  private static final String SINGULAR_ASSISTANTS = "assistant";

  private final String wire;
  private final boolean uploadable;

  FilePurpose(String wire, boolean uploadable) {
    this.wire = wire;
    this.uploadable = uploadable;
  }

  /** The name on the wire and in the database. */
  @JsonValue
  public String wire() {
    return wire;
  }

  @Override
  public String toString() {
    return wire;
  }

  /** The purpose of this name on the wire; empty if there is none. */
  public static Optional<FilePurpose> find(String wire) {
    return Arrays.stream(values()).filter(purpose -> purpose.wire.equals(wire)).findFirst();
  }

  /** The purpose of a stored file. */
  static FilePurpose ofColumn(String wire) {
    return find(wire).orElseThrow(() -> new IllegalStateException("unknown purpose " + wire));
  }

  /** The purpose that a client uploads a file for; 400 if a client cannot do that. */
  public static FilePurpose ofUpload(String wire) {
    if (wire == null) {
      throw ApiException.missing("purpose");
    }
    return find(wire.equals(SINGULAR_ASSISTANTS) ? ASSISTANTS.wire : wire)
        .filter(purpose -> purpose.uploadable)
        .orElseThrow(() -> unknown(wire));
  }

  private static ApiException unknown(String wire) {
    var known =
        Arrays.stream(values())
            .filter(purpose -> purpose.uploadable)
            .map(purpose -> "'" + purpose.wire + "'")
            .collect(Collectors.joining(", "));
    var shown = wire.length() <= 80 ? wire : wire.substring(0, 80) + "…";
    return ApiException.invalid(
        "purpose",
        "Invalid value for 'purpose': '%s'. Expected one of %s.".formatted(shown, known));
  }
}
