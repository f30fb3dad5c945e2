package dev.threadmill.db.signals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Writes and reads signals as JSON objects: their fields, and their name as {@code type}. */
@ApplicationScoped
class SignalRegistry {
  private static final String TYPE = "type";

  private final Map<String, Class<? extends Signal>> classes = new HashMap<>();
  private final Map<Class<? extends Signal>, String> names = new HashMap<>();

  SignalRegistry(Instance<SignalTypes> types) {
    add("listening", Signal.NodeListening.class);
    add("look_again", Signal.ResyncRequested.class);
    for (var each : types) {
      each.byName().forEach(this::add);
    }
  }

  private void add(String name, Class<? extends Signal> signal) {
    if (classes.put(name, signal) != null || names.put(signal, name) != null) {
      throw new IllegalStateException("two signals share a name or a class: " + name);
    }
  }

  /** The JSON of a signal, on one line. */
  String write(Signal signal) {
    var name = names.get(signal.getClass());
    if (name == null) {
      throw new IllegalArgumentException("not registered: " + signal.getClass().getName());
    }
    var json = Json.MAPPER.createObjectNode().put(TYPE, name);
    return json.setAll(Json.MAPPER.<ObjectNode>valueToTree(signal)).toString();
  }

  /**
   * The signal of a JSON object; empty if this version does not know its name.
   *
   * @throws JsonProcessingException if its fields are not those that this version knows
   */
  Optional<Signal> read(JsonNode json) throws JsonProcessingException {
    var type = classes.get(json.path(TYPE).asText());
    if (type == null || !(json instanceof ObjectNode object)) {
      return Optional.empty();
    }
    return Optional.of(Json.MAPPER.treeToValue(object.without(TYPE), type));
  }
}
