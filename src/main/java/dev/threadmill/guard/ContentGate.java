package dev.threadmill.guard;

import io.quarkus.arc.All;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;

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

  private final List<ContentFilter> filters;

  /**
   * @param filters in the order in which they are applied
   */
  public ContentGate(@All List<ContentFilter> filters) {
    this.filters = List.copyOf(filters);
  }

  /** The whole text as it may pass; null stays null. */
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
