package dev.threadmill.api.sse;

import dev.threadmill.api.ProjectId;

/** Reopens streams of one kind by their {@link EventStream#replayAddress}. */
public interface StreamLookup {
  /** What the addresses of this kind begin with. */
  String prefix();

  /**
   * The same events.
   *
   * @param lastEventId the last event that the client has seen; null for all
   * @throws ApiException 400 if that is not the id of an event; 404 if they do not exist any more
   */
  EventStream open(ProjectId project, String address, String lastEventId);
}
