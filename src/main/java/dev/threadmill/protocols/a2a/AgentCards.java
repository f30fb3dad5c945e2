package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.ToolName;
import dev.threadmill.protocols.ProtocolConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.util.List;

/**
 * Agent cards of assistants. A card holds the fields of both versions of A2A; clients of either
 * ignore those of the other.
 */
@ApplicationScoped
class AgentCards {
  private static final String BINDING = "JSONRPC";
  private static final String SCHEME = "bearer";
  private static final List<String> INPUT_MODES =
      List.of("text/plain", "application/json", "image/png", "image/jpeg", "audio/wav");

  private final ProtocolConfig settings;

  AgentCards(ProtocolConfig settings) {
    this.settings = settings;
  }

  /**
   * The card of an assistant.
   *
   * @param requested the base URL of the request
   */
  ObjectNode of(Assistant assistant, URI requested) {
    var url =
        settings
                .publicUrl()
                .filter(configured -> !configured.isBlank())
                .orElseGet(() -> requested.getScheme() + "://" + requested.getRawAuthority())
            + "/v1/a2a/"
            + assistant.id();
    var name = assistant.name() == null ? assistant.id().value() : assistant.name();
    var description =
        assistant.description() == null || assistant.description().isBlank()
            ? "The assistant '%s'.".formatted(name)
            : assistant.description();
    var card =
        Json.MAPPER
            .createObjectNode()
            .put("name", name)
            .put("description", description)
            .put("version", "1")
            .put("protocolVersion", "0.3.0")
            .put("url", url)
            .put("preferredTransport", BINDING)
            .put("supportsAuthenticatedExtendedCard", false);
    addInterface(card, url, "1.0");
    addInterface(card, url, "0.3");
    card.putObject("capabilities")
        .put("streaming", true)
        .put("pushNotifications", false)
        .put("stateTransitionHistory", false)
        .put("extendedAgentCard", false);
    addSecurity(card);
    var inputs = card.putArray("defaultInputModes");
    INPUT_MODES.forEach(inputs::add);
    card.putArray("defaultOutputModes").add("text/plain");
    card.putArray("skills")
        .addObject()
        .put("id", ToolName.of(assistant.name(), assistant.id().value()))
        .put("name", name)
        .put("description", description)
        .putArray("tags")
        .add("assistant");
    return card;
  }

  private static void addInterface(ObjectNode card, String url, String version) {
    card.withArray("/supportedInterfaces")
        .addObject()
        .put("url", url)
        .put("protocolBinding", BINDING)
        .put("protocolVersion", version);
  }

  private static void addSecurity(ObjectNode card) {
    var scheme = card.putObject("securitySchemes").putObject(SCHEME);
    scheme.put("type", "http").put("scheme", SCHEME);
    scheme.putObject("httpAuthSecurityScheme").put("scheme", "Bearer");
    card.putArray("security").addObject().putArray(SCHEME);
    card.putArray("securityRequirements")
        .addObject()
        .putObject("schemes")
        .putObject(SCHEME)
        .putArray("list");
  }
}
