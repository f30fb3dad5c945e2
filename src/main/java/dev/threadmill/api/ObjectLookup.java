package dev.threadmill.api;

import java.util.Optional;

/**
 * Finds objects of one kind in their form on the wire. A repeated request whose response was lost
 * is answered with the object that it has created.
 */
public interface ObjectLookup {
  /** The prefix of the ids of this kind. */
  String prefix();

  /**
   * The object; empty if the project has none of this id.
   *
   * @param thread the id of the thread that it belongs to; null if it belongs to none
   */
  Optional<Object> find(ProjectId project, String thread, String id);
}
