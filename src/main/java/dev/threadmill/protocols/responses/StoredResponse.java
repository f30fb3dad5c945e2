package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.time.Instant;

/**
 * A response: a run, or the part of one behind an event.
 *
 * @param start the event behind which it begins; null for the start of the run
 * @param previous the response that it continues; null for none
 * @param continues the previous response if both are in one thread; else null
 * @param conversation whether its thread is a conversation of the client
 * @param stored whether it can be retrieved and continued
 * @param request what it repeats of its request
 * @param input the items of its request
 * @param system the text of the system messages of the chain so far; empty for none
 */
record StoredResponse(
    String id,
    ProjectId project,
    ThreadId thread,
    RunId run,
    Instant created,
    String start,
    String previous,
    String continues,
    boolean conversation,
    boolean background,
    boolean stored,
    JsonNode request,
    JsonNode input,
    String system) {
  static final String PREFIX = "resp_";
}
