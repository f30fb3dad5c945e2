package dev.threadmill.limits;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;

/** The assistants that may have limits. Implemented by the feature that stores them. */
public interface LimitedAssistants {
  /**
   * @throws dev.threadmill.api.ApiException 404 if the project has no such assistant
   */
  void requireExisting(ProjectId project, AssistantId assistant);
}
