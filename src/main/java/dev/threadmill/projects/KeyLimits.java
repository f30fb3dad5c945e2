package dev.threadmill.projects;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import java.util.function.Consumer;

/** Sets the limits with which an API key is created. Implemented by the feature that keeps them. */
public interface KeyLimits {
  /**
   * Checks the limits, before the key exists.
   *
   * @param limits as the client sent them
   * @return sets them for the key of this id
   * @throws ApiException 400 if they are invalid
   */
  Consumer<ApiKeyId> prepare(ProjectId project, JsonNode limits);
}
