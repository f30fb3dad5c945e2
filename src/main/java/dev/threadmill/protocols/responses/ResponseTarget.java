package dev.threadmill.protocols.responses;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/**
 * Where a response goes.
 *
 * @param thread null for a new one
 * @param previous the response that it continues; null for none
 * @param isLinear whether it goes on in the thread of the previous one
 * @param latest the response before it in its chain or conversation; null for none
 */
record ResponseTarget(
    ProjectId project,
    ThreadId thread,
    StoredResponse previous,
    boolean isLinear,
    StoredResponse latest) {
  /** The text of the system messages so far. */
  String system() {
    return latest == null ? "" : latest.system();
  }

  /** The same without its thread: a new one is made. */
  ResponseTarget elsewhere() {
    return new ResponseTarget(project, null, previous, false, latest);
  }
}
