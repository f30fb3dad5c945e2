package dev.threadmill.vectorstores;

import dev.threadmill.api.ProjectId;
import java.util.Collection;
import java.util.Set;

/** Knows which stores other objects refer to. */
public interface StoreReferences {
  /** Those of these ids to which an assistant of the project refers. */
  Set<String> referenced(ProjectId project, Collection<String> storeIds);
}
