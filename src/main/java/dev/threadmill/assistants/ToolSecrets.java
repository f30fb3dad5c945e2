package dev.threadmill.assistants;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Encrypts the secrets of tools before the tools are stored. */
@ApplicationScoped
public class ToolSecrets {
  private final SecretBox box;

  ToolSecrets(SecretBox box) {
    this.box = box;
  }

  /** Replaces a secret. */
  @FunctionalInterface
  interface SecretMapper {
    /**
     * The replacement.
     *
     * @param field the place of the secret within the tool
     * @param origin scheme, host and port that the secret is sent to
     */
    SecretText of(String field, String origin, SecretText secret);
  }

  /** The place of a secret, and the origin that it may be sent to. */
  private record Place(String tool, String field, String origin) {}

  /**
   * The tools that a client has sent, with their secrets encrypted. A secret that was sent as the
   * mask keeps its value, as long as it goes to the same origin.
   *
   * @param before the tools that are replaced, or that the client was shown
   * @throws ApiException 400 for a mask that stands for nothing
   */
  public List<ToolSpec> sealAll(ProjectId project, List<ToolSpec> tools, List<ToolSpec> before) {
    if (tools == null) {
      return null;
    }
    var kept = kept(before);
    var sealed = new ArrayList<ToolSpec>();
    for (int i = 0; i < tools.size(); i++) {
      var tool = tools.get(i);
      var param = "tools[%d].%s".formatted(i, tool.type());
      sealed.add(
          tool.mapSecrets(
              (field, origin, secret) ->
                  seal(
                      project,
                      param + "." + field,
                      secret,
                      kept.get(new Place(tool.key(), field, origin)))));
    }
    return sealed;
  }

  private SecretText seal(ProjectId project, String param, SecretText secret, SecretText before) {
    return switch (secret) {
      case SecretText.Plain(var value) -> {
        if (value.isEmpty()
            || value.length() > SecretText.MAX_LENGTH
            || !value.chars().allMatch(c -> c >= ' ' && c != 0x7f && c <= 0xff)) {
          throw ApiException.invalid(
              param,
              "Invalid '%s': expected 1 to %d characters that a header may hold."
                  .formatted(param, SecretText.MAX_LENGTH));
        }
        yield box.seal(project, value);
      }
      case SecretText.Masked _ -> {
        if (before == null) {
          throw ApiException.invalid(
              param,
              "Invalid '%s': '***' stands for a secret that is kept, and none is for this place."
                  .formatted(param));
        }
        yield before;
      }
      case SecretText.Sealed _ ->
          throw ApiException.invalid(
              param, "invalid_type", "Invalid type for '%s': expected a string.".formatted(param));
    };
  }

  private static Map<Place, SecretText> kept(List<ToolSpec> tools) {
    var kept = new HashMap<Place, SecretText>();
    for (var tool : tools) {
      tool.mapSecrets(
          (field, origin, secret) -> {
            kept.put(new Place(tool.key(), field, origin), secret);
            return secret;
          });
    }
    return kept;
  }
}
