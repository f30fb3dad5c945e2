package dev.threadmill.api.http;

import jakarta.ws.rs.container.ContainerResponseContext;
import java.nio.charset.StandardCharsets;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Has large answers that are texts already written by {@link WriteJson}: the writer of texts would
 * keep them in the heap until they are read.
 */
public class LargeTexts {
  /** Lower than that of all other filters. */
  private static final int LAST = 5;

  /** Replaces the entity of the response. */
  @ServerResponseFilter(priority = LAST)
  public void replace(ContainerResponseContext response) {
    var json =
        switch (response.getEntity()) {
          case String text -> text;
          case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
          case null, default -> null;
        };
    var type = response.getMediaType();
    if (json != null
        && json.length() > AnswerBody.MAX_IN_MEMORY
        && type != null
        && type.getSubtype().endsWith("json")) {
      response.setEntity(new WriteJson.Written(json), null, type);
    }
  }
}
