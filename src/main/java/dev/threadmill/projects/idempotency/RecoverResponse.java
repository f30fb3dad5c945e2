package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds what a request has created whose response was lost, because its node crashed after the
 * commit: by the path, and by the ids that were stored in that commit.
 */
@ApplicationScoped
class RecoverResponse {
  private static final String THREAD = "thread_";
  private static final String RUN = "run_";
  private static final String RESPONSE = "resp_";
  private static final String CONVERSATIONS = "conversations";

  /** The prefix of the id that a POST to a path with this last segment creates. */
  private static final Map<String, String> CREATED_BY_PATH =
      Map.ofEntries(
          Map.entry("assistants", "asst_"),
          Map.entry("threads", THREAD),
          Map.entry("fork", THREAD),
          Map.entry("messages", "msg_"),
          Map.entry("runs", RUN),
          Map.entry("responses", RESPONSE),
          Map.entry(CONVERSATIONS, THREAD),
          Map.entry("containers", "cntr_"),
          Map.entry("projects", "proj_"),
          Map.entry("api_keys", "key_"),
          Map.entry("files", "file-"),
          Map.entry("uploads", "upload_"),
          Map.entry("parts", "part_"),
          Map.entry("vector_stores", "vs_"),
          Map.entry("file_batches", "vsfb_"));

  private static final Set<String> ACTIONS = Set.of("cancel", "submit_tool_outputs", "complete");

  private final List<ObjectLookup> lookups;

  RecoverResponse(@All List<ObjectLookup> kinds) {
    this.lookups = kinds;
  }

  /**
   * The object that the response showed.
   *
   * @param thread null if it belongs to none
   */
  record Target(String thread, String id) {
    /** Whether its events can be sent again. */
    boolean isStreamed() {
      return id.startsWith(RUN) || id.startsWith(RESPONSE);
    }

    /**
     * Where they are.
     *
     * @param from the event from which the request streamed
     */
    String streamAddress(String from) {
      return id.startsWith(RUN) ? thread + "/" + id + "/" + from : id;
    }
  }

  /** Empty if the request has not created it: it can be carried out again. */
  static Optional<Target> target(String path, Map<String, String> made) {
    var segments = path.split("/");
    var last = segments[segments.length - 1];
    var thread = made.get(THREAD);
    for (int i = 1; i < segments.length; i++) {
      if (thread == null && segments[i - 1].equals("threads") && segments[i].startsWith(THREAD)) {
        thread = segments[i];
      }
    }
    var kind = CREATED_BY_PATH.get(last);
    if (kind != null) {
      var id = made.get(kind);
      if (id == null) {
        return Optional.empty();
      }
      // A conversation is a thread with another prefix.
      var shown = last.equals(CONVERSATIONS) ? id.replaceFirst("^" + THREAD, "conv_") : id;
      return Optional.of(new Target(thread, shown));
    }
    // The request has changed an existing object.
    var id = ACTIONS.contains(last) ? segments[segments.length - 2] : last;
    return Optional.of(new Target(thread, id));
  }

  /** The object as it is now; empty if it cannot be read. */
  Optional<Object> read(ProjectId project, Target target) {
    return lookups.stream()
        .filter(kind -> target.id().startsWith(kind.prefix()))
        .findFirst()
        .flatMap(kind -> kind.find(project, target.thread(), target.id()));
  }
}
