package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.models.ModelDelta;
import dev.threadmill.runs.store.Step;
import dev.threadmill.testing.StoredRuns;
import dev.threadmill.threads.Annotation;
import java.time.Instant;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class MessageAnnotationsTest {
  @Test
  void aCitationOfTheProviderNamesTheTextOfItsRangeOfCodePoints() {
    var events = new ArrayList<StreamEvent>();
    var annotations = new MessageAnnotations(MarkerResolver.NONE, events::add);
    var step = Step.started(StoredRuns.run(false), 1, 1, Step.Type.MESSAGE_CREATION, Instant.EPOCH);

    annotations.cite(
        step, "\ud83d\ude00 rain", new ModelDelta.Citation("https://a.example", "A", 2, 6));
    annotations.cite(
        step, "\ud83d\ude00 rain", new ModelDelta.Citation("https://a.example", "A", 2, 7));

    assertThat(events).hasSize(1);
    assertThat(annotations.all())
        .containsExactly(
            new Annotation.UrlCitation(
                "rain", 2, 6, new Annotation.PageReference("https://a.example", "A")));
  }
}
