package dev.threadmill.files;

import dev.threadmill.api.ProjectId;
import java.util.Collection;
import java.util.Set;

/** Which vector stores a project has. Implemented by the feature that stores them. */
public interface VectorStoreLookup {
  /** Those of these ids that are vector stores of the project. */
  Set<String> existing(ProjectId project, Collection<String> vectorStoreIds);
}
