package dev.threadmill.api;

/**
 * Opens streams again that were opened before, by what {@link EventStream#replayAddress} has said.
 */
public interface StreamLookup {
  /**
   * The same events again.
   *
   * @param lastEventId the last event that the client has seen; null for all
   * @throws ApiException 400 if that is not the id of an event; 404 if there is nothing any more
   */
  EventStream open(ProjectId project, String address, String lastEventId);
}
