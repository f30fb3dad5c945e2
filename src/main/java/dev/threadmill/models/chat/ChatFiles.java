package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelPart;
import java.util.List;

/** Loads the files of chat completions. */
public interface ChatFiles {
  /**
   * What is left for the files of a request.
   *
   * @param tokens of the prompt
   * @param characters of files that are sent as they are, in base64
   */
  record Left(int tokens, long characters) {}

  /**
   * A file of a request.
   *
   * @param param the part of the request, for errors
   */
  record Reference(String param, ModelPart.File file) {}

  /** A file that exists and is not read yet. */
  interface Found {
    /** How many characters it adds to the request at most. */
    long characters();

    /**
     * What the model is sent in place of the file: the file itself if the model reads files of its
     * kind, else its text, as far as that fits.
     *
     * @throws InterruptedException if the thread is interrupted while the file is read
     */
    ModelPart load(Left left) throws InterruptedException;
  }

  /**
   * Finds the files of a request, in the same order. Costs one statement at most.
   *
   * @throws ApiException 400 if the project has no such file
   */
  List<Found> find(ProjectId project, ModelInfo model, List<Reference> references);
}
