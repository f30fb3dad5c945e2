package dev.threadmill.tools;

import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/** Decrypts the secrets of stored tools when they are needed. */
@Singleton
public class SecretResolver {
  private static final Logger LOG = Logger.getLogger(SecretResolver.class);

  private final SecretBox box;

  SecretResolver(SecretBox box) {
    this.box = box;
  }

  /**
   * A secret of a stored tool.
   *
   * @throws ToolException if it cannot be decrypted
   */
  public String open(ProjectId project, SecretText secret) throws ToolException {
    if (!(secret instanceof SecretText.Sealed sealed)) {
      throw new IllegalStateException("a stored tool holds a secret that is not encrypted");
    }
    try {
      return box.open(project, sealed);
    } catch (SecretBox.UndecryptableException e) {
      LOG.errorf("secret not decrypted project_id=%s: %s", project, e.getMessage());
      throw new ToolException(
          "tool_not_set_up", false, "A secret of the tool cannot be decrypted; set it again.");
    }
  }

  /**
   * The headers of a stored tool in their order.
   *
   * @param headers null for none
   */
  public Map<String, String> headers(ProjectId project, Map<String, SecretText> headers)
      throws ToolException {
    var opened = new LinkedHashMap<String, String>();
    if (headers != null) {
      for (var header : headers.entrySet()) {
        opened.put(header.getKey(), open(project, header.getValue()));
      }
    }
    return opened;
  }
}
