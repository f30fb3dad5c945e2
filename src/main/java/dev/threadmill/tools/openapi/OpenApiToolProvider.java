package dev.threadmill.tools.openapi;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.heap.HeapBytes;
import dev.threadmill.assistants.OpenApiSpec;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import dev.threadmill.tools.webhook.WebhookTools;
import jakarta.inject.Singleton;
import java.util.List;

/** The operations of OpenAPI documents, each as a webhook. */
@Singleton
class OpenApiToolProvider implements ToolProvider<ToolSpec.OpenApi> {
  private static final int SHARE_OF_THE_HEAP = 32;

  private final WebhookTools webhookTools;
  private final Cache<OpenApiSpec, List<WebhookSpec>> webhooks =
      Caffeine.newBuilder()
          .maximumWeight(HeapBytes.share(SHARE_OF_THE_HEAP))
          .weigher(
              (OpenApiSpec spec, List<WebhookSpec> made) ->
                  HeapBytes.ofTree(spec.spec().toString().length() + Json.write(made).length()))
          .build();

  OpenApiToolProvider(WebhookTools webhookTools) {
    this.webhookTools = webhookTools;
  }

  @Override
  public Class<ToolSpec.OpenApi> spec() {
    return ToolSpec.OpenApi.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.OpenApi spec) {
    try {
      return ToolOffer.of(webhooks(spec.openapi()).stream().map(webhookTools::of).toList());
    } catch (ApiException e) {
      return new ToolOffer(
          List.of(),
          List.of(
              "OpenAPI tool '%s': its operations are left out: %s"
                  .formatted(spec.openapi().name(), e.error().message())));
    }
  }

  @Override
  public boolean offers(ToolSpec.OpenApi spec, String functionName) {
    return functionName.startsWith(spec.openapi().name() + "_");
  }

  private List<WebhookSpec> webhooks(OpenApiSpec spec) {
    var known = webhooks.getIfPresent(spec);
    if (known == null) {
      known = spec.webhooks();
      webhooks.put(spec, known);
    }
    return known;
  }
}
