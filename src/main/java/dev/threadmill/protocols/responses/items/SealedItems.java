package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import dev.threadmill.models.ReasoningState;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/**
 * Content that clients keep but cannot read: {@code encrypted_content} of reasoning and of
 * compactions, sealed for one project.
 */
@ApplicationScoped
public class SealedItems {
  private static final String STATE = "state";
  private static final String SUMMARY = "summary";

  private final SecretBox box;

  SealedItems(SecretBox box) {
    this.box = box;
  }

  /**
   * Checks that this server can seal.
   *
   * @throws ApiException 400 if it has no key to do it with
   */
  public void requireUsable(ProjectId project) {
    box.seal(project, "");
  }

  /**
   * The content of an item of reasoning.
   *
   * @param state null if the provider wants nothing back
   */
  public String reasoning(ProjectId project, ReasoningState state) {
    var content = Json.MAPPER.createObjectNode();
    content.set(STATE, Json.MAPPER.valueToTree(state));
    return seal(project, content);
  }

  /** The content of a compaction. */
  public String compaction(ProjectId project, String summary) {
    return seal(project, Json.MAPPER.createObjectNode().put(SUMMARY, summary));
  }

  private String seal(ProjectId project, JsonNode content) {
    return box.sealRepeatably(project, content.toString()).box();
  }

  /**
   * What the provider wants back of reasoning; empty for nothing.
   *
   * @throws ApiException 400 if the content was not sealed for this project
   */
  public Optional<ReasoningState> stateOf(ProjectId project, String path, String content) {
    var state = open(project, path, content).path(STATE);
    return state.isObject()
        ? Optional.of(Json.read(state.toString(), ReasoningState.class))
        : Optional.empty();
  }

  /**
   * The summary of a compaction.
   *
   * @throws ApiException 400 if the content was not sealed for this project
   */
  public String summaryOf(ProjectId project, String path, String content) {
    return open(project, path, content).path(SUMMARY).asText("");
  }

  private JsonNode open(ProjectId project, String path, String content) {
    try {
      return Json.tree(box.open(project, new SecretText.Sealed(content)));
    } catch (SecretBox.UndecryptableException e) {
      var param = path + ".encrypted_content";
      throw ApiException.invalid(
          param, "Invalid '%s': it was not made by this server for this project.".formatted(param));
    }
  }
}
