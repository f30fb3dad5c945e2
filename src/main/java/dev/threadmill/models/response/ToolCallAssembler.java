package dev.threadmill.models.response;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Assembles tool calls from the pieces in which providers stream them, and emits each as soon as it
 * has a name. Calls are numbered here, in the order in which they begin: providers skip numbers,
 * repeat them, give a wrong one or none.
 */
final class ToolCallAssembler {
  private static final int MAX_CALLS = 1_024;
  private static final String EMPTY_OBJECT = "{}";

  /** The tool under which some models wrap calls that they make at once. */
  private static final Set<String> WRAPPERS =
      Set.of("multi_tool_use.parallel", "multi_tool_use_parallel", "multi_tool_use");

  private static final List<String> NAMESPACES = List.of("functions.", "default_api.", "tools.");

  /** The names of functions are shorter. */
  private static final int LONGEST_NAME = 256;

  private static final String SPECIAL_TOKEN = "<|";

  private final Set<String> offered;
  private final ExtraFields.Budget room;
  private final Consumer<ModelDelta> deltas;
  private final List<Call> calls = new ArrayList<>();
  private final List<Call> numbered = new ArrayList<>();

  /** A call that is being assembled. */
  private static final class Call {
    final int key;
    String id;
    String name;
    int index = -1;
    boolean isWrapper;

    /** Some servers send an empty object first and then the arguments in full. */
    boolean isEmptyObjectHeld;

    /** Arguments that begin like a JSON text or null, which may hold the object as text. */
    StringBuilder quoted;

    final TextBuffer arguments = new TextBuffer();
    final JsonExtent extent = new JsonExtent();
    final ExtraFields extra;

    Call(int key, String id, ExtraFields.Budget room) {
      this.key = key;
      this.id = id;
      this.extra = new ExtraFields(room);
    }

    /** Whether it has neither a name nor arguments. */
    boolean isNothing() {
      return name == null && quoted == null && !isEmptyObjectHeld && arguments.isEmpty();
    }

    boolean isComplete() {
      return extent.isComplete();
    }

    /** Whether a piece that repeats the name goes on with these arguments. */
    boolean isCut(String piece) {
      return quoted == null && !isEmptyObjectHeld && !piece.isEmpty();
    }
  }

  /**
   * A complete call.
   *
   * @param extra fields of the call that only its provider knows
   */
  record Assembled(ModelToolCall call, ObjectNode extra) {}

  /**
   * @param offered the names of the functions that the model may call
   * @param room for fields that only the provider knows
   */
  ToolCallAssembler(Set<String> offered, ExtraFields.Budget room, Consumer<ModelDelta> deltas) {
    this.offered = offered;
    this.room = room;
    this.deltas = deltas;
  }

  boolean isEmpty() {
    return calls.isEmpty();
  }

  /**
   * Adds a piece of a call.
   *
   * @param key the number that the provider gives the call; negative if it gives none
   * @param id empty if this piece has none
   * @param name empty if this piece has none
   * @param arguments the next piece of the arguments, possibly empty
   * @param extra other fields of this piece
   */
  void add(int key, String id, String name, String arguments, JsonNode extra) {
    var bounded = bounded(name);
    var call = callOf(key, id, bounded, arguments);
    if (call.name == null && !bounded.isEmpty()) {
      begin(call, bounded);
    }
    call.extra.merge(extra);
    if (!arguments.isEmpty()) {
      append(call, arguments);
    }
  }

  /** The complete calls in their order. */
  List<Assembled> finish(String provider) {
    for (var call : List.copyOf(calls)) {
      if (call.isNothing()) {
        // Some servers send an empty piece where a model calls nothing.
        continue;
      }
      if (call.name == null) {
        throw ResponseAccumulator.malformed(provider, null);
      }
      if (call.quoted != null) {
        write(call, unquoted(call.quoted.toString()));
      }
      if (call.isEmptyObjectHeld || call.arguments.isEmpty() && call.arguments.end().isEmpty()) {
        call.isEmptyObjectHeld = false;
        write(call, EMPTY_OBJECT);
      }
      var rest = call.arguments.end();
      if (!rest.isEmpty()) {
        write(call, rest);
      }
      if (call.isWrapper) {
        unwrap(call);
      }
    }
    return numbered.stream()
        .map(
            call ->
                new Assembled(
                    new ModelToolCall(call.id, call.name, call.arguments.toString()),
                    call.extra.toJson()))
        .toList();
  }

  private void begin(Call call, String name) {
    call.name = plainName(name);
    call.isWrapper = WRAPPERS.contains(name) && !offered.contains(name);
    if (!call.isWrapper) {
      number(call);
      if (!call.arguments.isEmpty()) {
        deltas.accept(new ModelDelta.ToolCallArguments(call.index, call.arguments.toString()));
      }
    }
  }

  private void number(Call call) {
    call.index = numbered.size();
    numbered.add(call);
    deltas.accept(new ModelDelta.ToolCallStarted(call.index, call.name));
  }

  /**
   * The name as it is on offer, without what models put around it: a namespace before it, a special
   * token, a number or space behind it.
   */
  private String plainName(String name) {
    var storable = StorableText.of(name);
    if (offered.contains(storable)) {
      return storable;
    }
    var clean = withoutEnding(storable.strip());
    if (offered.contains(clean)) {
      return clean;
    }
    for (var namespace : NAMESPACES) {
      if (clean.startsWith(namespace) && offered.contains(clean.substring(namespace.length()))) {
        return clean.substring(namespace.length());
      }
    }
    return storable;
  }

  private static String withoutEnding(String name) {
    int token = name.indexOf(SPECIAL_TOKEN);
    if (token >= 0) {
      return name.substring(0, token).strip();
    }
    int colon = name.lastIndexOf(':');
    boolean isNumber =
        colon >= 0
            && colon < name.length() - 1
            && name.chars().skip(colon + 1L).allMatch(c -> c >= '0' && c <= '9');
    return isNumber ? name.substring(0, colon).strip() : name;
  }

  private static String bounded(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME);
  }

  private void append(Call call, String piece) {
    if (call.quoted != null || call.arguments.isEmpty() && isQuoted(piece)) {
      call.quoted = call.quoted == null ? new StringBuilder() : call.quoted;
      call.quoted.append(piece);
      return;
    }
    boolean beginsObject = piece.stripLeading().startsWith("{");
    if (call.isEmptyObjectHeld) {
      if (piece.isBlank() || piece.strip().equals(EMPTY_OBJECT)) {
        return;
      }
      call.isEmptyObjectHeld = false;
      write(call, beginsObject ? piece : EMPTY_OBJECT + piece);
    } else if (call.arguments.isEmpty() && piece.strip().equals(EMPTY_OBJECT)) {
      call.isEmptyObjectHeld = true;
    } else if (!(call.isComplete() && isRepetition(call, piece))) {
      write(call, piece);
    }
  }

  private static boolean isQuoted(String piece) {
    var begin = piece.stripLeading();
    return begin.startsWith("\"") || begin.startsWith("n") || begin.startsWith("N");
  }

  /** Some servers send the object as a JSON text, and null for no arguments. */
  private static String unquoted(String arguments) {
    if (arguments.strip().equals("null") || arguments.strip().equals("None")) {
      return EMPTY_OBJECT;
    }
    try {
      var text = Json.MAPPER.readTree(arguments);
      if (text != null
          && text.isTextual()
          && Json.MAPPER.readTree(text.textValue()) instanceof ObjectNode) {
        return text.textValue();
      }
    } catch (JsonProcessingException _) {
      // It stays what the model wrote.
    }
    return arguments;
  }

  /** Whether a server sends again in full what it has streamed before. */
  private static boolean isRepetition(Call call, String piece) {
    return piece.isBlank() || call.arguments.isSame(piece);
  }

  private void write(Call call, String piece) {
    var added = call.arguments.add(piece);
    call.extent.accept(added);
    if (!added.isEmpty() && call.index >= 0) {
      deltas.accept(new ModelDelta.ToolCallArguments(call.index, added));
    }
  }

  /** The calls within a wrapper become calls of their own; one that cannot be read stays. */
  private void unwrap(Call wrapper) {
    var uses = uses(wrapper.arguments.toString());
    if (uses.isEmpty()) {
      number(wrapper);
      deltas.accept(new ModelDelta.ToolCallArguments(wrapper.index, wrapper.arguments.toString()));
      return;
    }
    for (var use : uses) {
      var call = new Call(-1, "", room);
      var name = use.path("recipient_name").asText(use.path("name").asText(""));
      begin(call, bounded(name));
      var parameters = use.has("parameters") ? use.get("parameters") : use.path("arguments");
      write(
          call,
          parameters.isTextual()
              ? parameters.textValue()
              : parameters.isObject() ? parameters.toString() : EMPTY_OBJECT);
    }
  }

  private static List<JsonNode> uses(String arguments) {
    var uses = new ArrayList<JsonNode>();
    try {
      for (var use : Json.MAPPER.readTree(arguments).path("tool_uses")) {
        if (use.path("recipient_name").asText(use.path("name").asText("")).isBlank()
            || uses.size() == MAX_CALLS) {
          return List.of();
        }
        uses.add(use);
      }
      return uses;
    } catch (JsonProcessingException _) {
      return List.of();
    }
  }

  private Call callOf(int key, String id, String name, String arguments) {
    var found = name.isEmpty() ? continued(key, id) : begun(key, id, name, arguments);
    if (found != null) {
      found.id = found.id.isEmpty() ? id : found.id;
      return found;
    }
    if (calls.size() == MAX_CALLS) {
      throw ProviderException.permanent(
          ModelException.Kind.PROVIDER_FAILED, "The model called too many tools at once.");
    }
    var call = new Call(key, id, room);
    calls.add(call);
    return call;
  }

  /** The call that a piece without a name continues; null if there is none. */
  private Call continued(int key, String id) {
    Call byKey = null;
    for (var call : calls.reversed()) {
      if (!id.isEmpty() && call.id.equals(id) && (key < 0 || call.key == key)) {
        return call;
      }
      if (byKey == null && key >= 0 && call.key == key) {
        byKey = call;
      }
    }
    if (calls.isEmpty()) {
      return null;
    }
    // A wrong number, or none: the piece belongs to the call that is still open.
    var last = calls.getLast();
    return byKey == null || byKey.isComplete() && !last.isComplete() ? last : byKey;
  }

  /** The call that a piece with a name belongs to; null if it begins one. */
  private Call begun(int key, String id, String name, String arguments) {
    var plain = plainName(name);
    for (var call : calls.reversed()) {
      if (key >= 0 && call.key != key) {
        continue;
      }
      if (call.name == null) {
        return id.isEmpty() || call.id.isEmpty() || call.id.equals(id) ? call : null;
      }
      boolean sameName = call.name.equals(plain);
      if (!id.isEmpty() && call.id.equals(id) && sameName) {
        // Some servers give all calls one id and no number.
        return key < 0 && call.isComplete() && !isRepetition(call, arguments) ? null : call;
      }
      boolean sameId = id.isEmpty() || call.id.isEmpty();
      boolean mayGoOn = key >= 0 || call == calls.getLast() && call.isCut(arguments);
      if (mayGoOn && sameId && sameName && !call.isComplete()) {
        return call;
      }
    }
    return null;
  }
}
