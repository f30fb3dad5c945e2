package dev.threadmill.guard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ReasoningState;
import io.quarkus.arc.All;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Leads text through all {@link ContentFilter filters}. */
@Singleton
public class ContentGate {
  private static final ContentStream UNCHANGED =
      new ContentStream() {
        @Override
        public String next(String piece) {
          return piece;
        }

        @Override
        public String end() {
          return "";
        }
      };

  /** The fields of a schema that models read as prose. */
  private static final Set<String> PROSE = Set.of("description", "title", "$comment");

  private final List<ContentFilter> filters;

  /**
   * @param filters in the order in which they are applied
   */
  public ContentGate(@All List<ContentFilter> filters) {
    this.filters = List.copyOf(filters);
  }

  /**
   * The whole text of a client as it may pass; null stays null.
   *
   * @param param the field of the request, for the error
   * @throws ApiException 400 with the code {@code content_filter} if a filter rejects it
   */
  public String applyTo(String param, ContentSource source, String text) {
    try {
      return apply(source, text);
    } catch (ContentRejectedException e) {
      throw e.asApiException(param);
    }
  }

  /**
   * A function as it may be offered to a model: its description, and the descriptions in its
   * schema, may be changed. All other texts of the schema have to pass as they are.
   *
   * @throws ContentRejectedException if a filter rejects or would change another text
   */
  public FunctionSpec apply(ContentSource source, FunctionSpec function) {
    requireUnchanged(source, function.name());
    return new FunctionSpec(
        function.name(),
        apply(source, function.description()),
        function.parameters() == null ? null : schema(source, null, function.parameters()),
        function.strict());
  }

  private JsonNode schema(ContentSource source, String field, JsonNode node) {
    return switch (node) {
      case TextNode text when PROSE.contains(field == null ? "" : field) ->
          TextNode.valueOf(apply(source, text.textValue()));
      case TextNode text -> {
        requireUnchanged(source, text.textValue());
        yield text;
      }
      case ArrayNode list -> {
        var copy = list.arrayNode();
        list.forEach(each -> copy.add(schema(source, null, each)));
        yield copy;
      }
      case ObjectNode object -> {
        var copy = object.objectNode();
        for (var each : object.properties()) {
          requireUnchanged(source, each.getKey());
          copy.set(each.getKey(), schema(source, each.getKey(), each.getValue()));
        }
        yield copy;
      }
      default -> node;
    };
  }

  private void requireUnchanged(ContentSource source, String text) {
    if (!text.equals(apply(source, text))) {
      throw new ContentRejectedException("a name or value that cannot be changed was filtered.");
    }
  }

  /**
   * The state of a provider as it may be stored and sent back; null stays null. A signature may
   * cover all of it, so where a filter changes a text, only what identifies the calls is kept, and
   * where that would change, nothing.
   *
   * @throws ContentRejectedException if a filter rejects a text of it
   */
  public ReasoningState apply(ContentSource source, ReasoningState state) {
    if (state == null || isUnchanged(source, state)) {
      return state;
    }
    var calls = state.ofEarlierRun();
    return calls != null && isUnchanged(source, calls) ? calls : null;
  }

  private boolean isUnchanged(ContentSource source, ReasoningState state) {
    return (state.text() == null || state.text().equals(apply(source, state.text())))
        && isUnchanged(source, state.attributes());
  }

  private boolean isUnchanged(ContentSource source, Object value) {
    return switch (value) {
      case String text -> text.equals(apply(source, text));
      case Map<?, ?> map -> map.values().stream().allMatch(each -> isUnchanged(source, each));
      case Collection<?> list -> list.stream().allMatch(each -> isUnchanged(source, each));
      case JsonNode json when json.isTextual() ->
          json.textValue().equals(apply(source, json.textValue()));
      case JsonNode json when json.isContainerNode() -> {
        for (var each : json) {
          if (!isUnchanged(source, each)) {
            yield false;
          }
        }
        yield true;
      }
      case null, default -> true;
    };
  }

  /**
   * The whole text as it may pass; null stays null.
   *
   * @throws ContentRejectedException if a filter rejects it
   */
  public String apply(ContentSource source, String text) {
    if (text == null) {
      return null;
    }
    var passed = text;
    for (var filter : filters) {
      passed = filter.apply(source, passed);
    }
    return passed;
  }

  /** Whether texts of this source can be changed, other than by replacing what is no text. */
  boolean isFiltered(ContentSource source) {
    return filters.stream()
        .anyMatch(filter -> !(filter instanceof StorableTextFilter) && filter.open(source) != null);
  }

  /** A stream of text, which goes through all filters. */
  public ContentStream open(ContentSource source) {
    var streams = new ArrayList<ContentStream>(filters.size());
    for (var filter : filters) {
      var stream = filter.open(source);
      if (stream != null) {
        streams.add(stream);
      }
    }
    return switch (streams.size()) {
      case 0 -> UNCHANGED;
      case 1 -> streams.getFirst();
      default -> new Chain(streams);
    };
  }

  private record Chain(List<ContentStream> streams) implements ContentStream {
    @Override
    public String next(String piece) {
      var passed = piece;
      for (var stream : streams) {
        if (passed.isEmpty()) {
          return "";
        }
        passed = stream.next(passed);
      }
      return passed;
    }

    @Override
    public String end() {
      var rest = "";
      for (var stream : streams) {
        rest = (rest.isEmpty() ? "" : stream.next(rest)) + stream.end();
      }
      return rest;
    }
  }
}
