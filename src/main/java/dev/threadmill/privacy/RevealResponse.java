package dev.threadmill.privacy;

import dev.threadmill.api.Json;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.projects.Caller;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import java.nio.charset.StandardCharsets;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Turns tokens back for callers, of the kinds that the policy of their project allows. Comes last,
 * so that nothing that is stored of a response has them.
 */
public class RevealResponse {
  private static final int LAST = 10;

  private final Privacy privacy;
  private final Revealer revealer;

  RevealResponse(Privacy privacy, Revealer revealer) {
    this.privacy = privacy;
    this.revealer = revealer;
  }

  /** Replaces the entity of the response. */
  @ServerResponseFilter(priority = LAST)
  public void reveal(ContainerRequestContext request, ContainerResponseContext response) {
    var entity = response.getEntity();
    var caller = Caller.find();
    if (entity == null || caller.isEmpty()) {
      return;
    }
    var project = caller.get().project();
    var kinds = privacy.policy(project).revealed();
    if (kinds.isEmpty()) {
      return;
    }
    if (entity instanceof EventStream stream) {
      response.setEntity(new RevealedStream(stream, revealer, project, kinds));
      return;
    }
    var type = response.getMediaType();
    if (type != null && !type.getSubtype().endsWith("json")) {
      return;
    }
    var json =
        switch (entity) {
          case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
          case String text -> text;
          default -> Json.write(entity);
        };
    var revealed = revealer.inJson(project, kinds, json);
    if (!revealed.equals(json)) {
      response.setEntity(revealed, null, type == null ? MediaType.APPLICATION_JSON_TYPE : type);
    }
  }
}
