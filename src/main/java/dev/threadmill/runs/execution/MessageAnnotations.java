package dev.threadmill.runs.execution;

import dev.threadmill.models.ModelDelta;
import dev.threadmill.runs.store.Step;
import dev.threadmill.threads.Annotation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The annotations of one message, in the order in which they were published. */
final class MessageAnnotations {
  private final MarkerResolver resolver;
  private final Consumer<StreamEvent> publisher;
  private final List<Annotation> annotations = new ArrayList<>();

  /**
   * @param resolver finds what markers refer to
   * @param publisher receives the event of each annotation
   */
  MessageAnnotations(MarkerResolver resolver, Consumer<StreamEvent> publisher) {
    this.resolver = resolver;
    this.publisher = publisher;
  }

  /** The annotations so far. */
  List<Annotation> all() {
    return annotations;
  }

  /**
   * A marker of the message, which is an annotation if it refers to something.
   *
   * @param start the index of its first code point
   */
  void resolve(Step step, String marker, int start) {
    resolver
        .resolve(marker, start, start + marker.codePointCount(0, marker.length()))
        .ifPresent(annotation -> add(step, annotation));
  }

  /**
   * A citation by the provider. One of a range that the text does not have is left out.
   *
   * @param text of the message so far
   */
  void cite(Step step, String text, ModelDelta.Citation citation) {
    if (citation.end() <= text.codePointCount(0, text.length())) {
      int from = text.offsetByCodePoints(0, citation.start());
      int to = text.offsetByCodePoints(from, citation.end() - citation.start());
      add(
          step,
          new Annotation.UrlCitation(
              text.substring(from, to),
              citation.start(),
              citation.end(),
              new Annotation.PageReference(citation.url(), citation.title())));
    }
  }

  private void add(Step step, Annotation annotation) {
    publisher.accept(StreamEvents.annotationAdded(step, annotations.size(), annotation));
    annotations.add(annotation);
  }
}
