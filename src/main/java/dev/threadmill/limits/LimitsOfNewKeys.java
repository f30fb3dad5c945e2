package dev.threadmill.limits;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.KeyLimits;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;

/** Reads {@code limits} of a request that creates an API key. */
@ApplicationScoped
class LimitsOfNewKeys implements KeyLimits {
  private final ManageLimits limits;

  LimitsOfNewKeys(ManageLimits limits) {
    this.limits = limits;
  }

  /** Read together with the name of the field, so that errors name the whole path. */
  private record Body(ModifyLimits limits) {}

  @Override
  public Consumer<ApiKeyId> prepare(ProjectId project, JsonNode sent) {
    var body = Json.write(Map.of("limits", sent)).getBytes(StandardCharsets.UTF_8);
    var request = JsonBody.read(body, Body.class).limits().requireForKeys("limits.");
    return key -> limits.update(project, key, request);
  }
}
