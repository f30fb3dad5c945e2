package dev.threadmill.privacy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;

/** Replaces personal data in JSON that comes by another way than as the body of a request. */
@ApplicationScoped
public class PrivateJson {
  private final Privacy privacy;
  private final JsonTokenizer tokenizer;

  PrivateJson(Privacy privacy, JsonTokenizer tokenizer) {
    this.privacy = privacy;
    this.tokenizer = tokenizer;
  }

  /**
   * The JSON with tokens, under the policy of the project.
   *
   * @param user whose data it is; null if that is not known
   * @throws dev.threadmill.api.ApiException 400 for media that models of the project may not read
   */
  public JsonNode apply(ProjectId project, String user, JsonNode json) {
    var policy = privacy.policy(project);
    return policy.isOn()
        ? tokenizer.apply(
            project, policy, () -> user == null ? Vault.PROJECT : Vault.ownerOf(user), json)
        : json;
  }
}
