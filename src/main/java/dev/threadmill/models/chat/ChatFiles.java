package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelPart;

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
   * What the model is sent in place of a file: the file itself if the model reads files of its
   * kind, else its text, as far as that fits.
   *
   * @param param the part of the request, for errors
   * @throws ApiException 400 if the project has no such file
   * @throws InterruptedException if the thread is interrupted while a file is read
   */
  ModelPart load(ProjectId project, String param, ModelInfo model, ModelPart.File file, Left left)
      throws InterruptedException;
}
