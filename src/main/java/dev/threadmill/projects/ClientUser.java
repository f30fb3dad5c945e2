package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import java.util.List;

/**
 * The user that a client token is bound to.
 *
 * @param id as in the {@code user} of the metadata of its threads
 * @param assistants those that it may run; empty for all of the project
 * @param origins of the pages that may use the token; empty for all
 */
public record ClientUser(String id, List<AssistantId> assistants, List<String> origins) {
  /** The key of the metadata of a thread that names its user. */
  public static final String METADATA_KEY = "user";

  public ClientUser {
    assistants = List.copyOf(assistants);
    origins = List.copyOf(origins);
  }

  /** Answers 403 unless the token may run this assistant; null for a run without one. */
  public void requireAssistant(AssistantId assistant) {
    if (assistant == null) {
      throw ApiException.forbidden("A client token runs assistants only: name an assistant_id.");
    }
    if (!assistants.isEmpty() && !assistants.contains(assistant)) {
      throw ApiException.forbidden(
          "This client token may not run the assistant '%s'.".formatted(assistant));
    }
  }

  /** 403: something that a page may not set, because the backend decides it. */
  public static ApiException mayNotSet(String param) {
    return ApiException.forbidden(
        "A client token may not set '%s': it is up to the assistant, or to a request with an API key."
            .formatted(param));
  }
}
