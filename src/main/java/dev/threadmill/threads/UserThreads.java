package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.ClientUser;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.LinkedHashMap;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Keeps requests with client tokens to the threads of their user, which is the {@code user} in the
 * metadata of a thread. All others of the project do not exist for them.
 */
public class UserThreads {
  private final ThreadStore threads;

  UserThreads(ThreadStore threads) {
    this.threads = threads;
  }

  /** Answers 404 unless the thread in the path is the user's. */
  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 50)
  public void requireOwnThread(ContainerRequestContext request) {
    if (Caller.clientUser().isEmpty()) {
      return;
    }
    var thread = request.getUriInfo().getPathParameters().getFirst("thread_id");
    if (thread != null) {
      threads.get(Caller.current().project(), new ThreadId(thread));
    }
  }

  /** Whether a thread with this metadata may be seen by the current request. */
  static boolean isVisible(Metadata metadata) {
    return Caller.clientUser()
        .map(user -> user.id().equals(metadata.pairs().get(ClientUser.METADATA_KEY)))
        .orElse(true);
  }

  /**
   * The metadata of a thread that the current request creates or changes: with the user of its
   * client token, if it has one.
   *
   * @param path the prefix of field names in errors, such as {@code thread.}
   */
  static Metadata owned(String path, Metadata metadata) {
    var user = Caller.clientUser().orElse(null);
    if (user == null) {
      return metadata;
    }
    var pairs = new LinkedHashMap<>(metadata.pairs());
    var named = pairs.put(ClientUser.METADATA_KEY, user.id());
    if (named != null && !named.equals(user.id())) {
      throw ApiException.forbidden(
          "Invalid '%smetadata.user': this client token is of another user.".formatted(path));
    }
    return new Metadata(pairs);
  }

  /** Answers 403 if a page sets which files and stores the tools of its thread read. */
  static void requireNoToolResources(String path, Object resources) {
    if (resources != null && Caller.clientUser().isPresent()) {
      throw ClientUser.mayNotSet(path + "tool_resources");
    }
  }
}
