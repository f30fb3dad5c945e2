package dev.threadmill.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.threadmill.models.ModelDelta;
import dev.threadmill.projects.Projects;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilteredAnswerTest {
  private static final ContentSource SOURCE = ContentSource.model(Projects.DEFAULT, null, null);

  /** Holds back the last character until it has seen another. */
  private static final class OneBehind implements ContentFilter {
    @Override
    public ContentStream open(ContentSource source) {
      return new ContentStream() {
        private String last = "";

        @Override
        public String next(String piece) {
          var all = last + piece;
          last = all.substring(all.length() - 1);
          return all.substring(0, all.length() - 1);
        }

        @Override
        public String end() {
          return last;
        }
      };
    }
  }

  private final List<ModelDelta> passed = new ArrayList<>();

  private FilteredAnswer answer(ContentFilter... filters) {
    return new FilteredAnswer(new ContentGate(List.of(filters)), SOURCE, passed::add);
  }

  @Test
  void withoutFiltersEachPieceGoesOnAsItIs() {
    var answer = answer();

    answer.accept(new ModelDelta.Text("one"));
    answer.accept(new ModelDelta.ToolCallStarted(0, "f"));
    answer.complete();

    assertThat(passed)
        .containsExactly(new ModelDelta.Text("one"), new ModelDelta.ToolCallStarted(0, "f"));
  }

  @Test
  void whatIsHeldBackComesBeforeThePartThatFollows() {
    var answer = answer(new OneBehind());

    answer.accept(new ModelDelta.Reasoning("why"));
    answer.accept(new ModelDelta.Text("ab"));
    answer.accept(new ModelDelta.Text("cd"));
    answer.accept(new ModelDelta.ToolCallStarted(0, "f"));

    assertThat(passed)
        .containsExactly(
            new ModelDelta.Reasoning("wh"),
            new ModelDelta.Batch(List.of(new ModelDelta.Reasoning("y"), new ModelDelta.Text("a"))),
            new ModelDelta.Text("bc"),
            new ModelDelta.Batch(
                List.of(new ModelDelta.Text("d"), new ModelDelta.ToolCallStarted(0, "f"))));
  }

  @Test
  void argumentsOfParallelCallsAreStreamsOfTheirOwn() {
    var answer = answer(new OneBehind());

    answer.accept(
        new ModelDelta.Batch(
            List.of(
                new ModelDelta.ToolCallStarted(0, "ff"),
                new ModelDelta.ToolCallArguments(0, "{}"),
                new ModelDelta.ToolCallStarted(1, "gg"),
                new ModelDelta.ToolCallArguments(1, "[1"))));
    answer.accept(new ModelDelta.ToolCallArguments(1, "]"));
    answer.complete();

    assertThat(passed).hasSize(3);
    assertThat(passed.get(1)).isEqualTo(new ModelDelta.ToolCallArguments(1, "1"));
    assertThat(passed.getLast())
        .isEqualTo(
            new ModelDelta.Batch(
                List.of(
                    new ModelDelta.ToolCallArguments(0, "}"),
                    new ModelDelta.ToolCallArguments(1, "]"))));
  }

  @Test
  void aFilterThatHoldsEverythingBackPublishesNothingUntilTheEnd() {
    var answer =
        answer(
            source ->
                new ContentStream() {
                  private final StringBuilder all = new StringBuilder();

                  @Override
                  public String next(String piece) {
                    all.append(piece);
                    return "";
                  }

                  @Override
                  public String end() {
                    return all.reverse().toString();
                  }
                });

    answer.accept(new ModelDelta.Text("ab"));
    answer.accept(new ModelDelta.Text("c"));
    assertThat(passed).isEmpty();
    answer.complete();

    assertThat(passed).containsExactly(new ModelDelta.Text("cba"));
  }

  @Test
  void nothingPassesOnceAPieceIsRejected() {
    var answer = answer(new MarkerFilter());

    answer.accept(new ModelDelta.Text("good "));
    assertThatThrownBy(
            () ->
                answer.accept(
                    new ModelDelta.Batch(
                        List.of(
                            new ModelDelta.Text("still good "),
                            new ModelDelta.Text(MarkerFilter.FORBIDDEN),
                            new ModelDelta.Text(" more")))))
        .isInstanceOf(ContentRejectedException.class)
        .hasMessage(MarkerFilter.REASON);

    assertThatThrownBy(() -> answer.accept(new ModelDelta.Text("later")))
        .isInstanceOf(ContentRejectedException.class);
    assertThatThrownBy(answer::complete).isInstanceOf(ContentRejectedException.class);
    assertThat(answer.rejection()).isPresent();
    assertThat(passed)
        .containsExactly(new ModelDelta.Text("good "), new ModelDelta.Text("still good "));
  }

  @Test
  void soundIsHeldBackUntilItsTranscriptHasPassed() {
    var answer = answer(new OneBehind());
    var first = speech(null, "It is ");
    var sound = speech("AAAA", null);
    var last = speech("BBBB", "sunny.");

    answer.accept(first);
    answer.accept(sound);
    answer.accept(last);
    assertThat(passed).isEmpty();
    answer.complete();

    assertThat(passed).containsExactly(new ModelDelta.Batch(List.of(first, sound, last)));
  }

  @Test
  void withoutFiltersSoundPassesAsItArrives() {
    var answer = answer();
    var piece = speech("AAAA", "It is ");

    answer.accept(piece);

    assertThat(passed).containsExactly(piece);
  }

  @Test
  void noSoundPassesOfATranscriptThatAFilterChangesOrRejects() {
    for (var text : List.of(MarkerFilter.SECRET, MarkerFilter.FORBIDDEN)) {
      var answer = answer(new MarkerFilter());
      answer.accept(speech("AAAA", null));
      answer.accept(speech(null, "Here: " + text.substring(0, 3)));

      assertThatThrownBy(() -> answer.accept(speech("BBBB", text.substring(3))))
          .isInstanceOf(ContentRejectedException.class);

      assertThat(answer.rejection()).isPresent();
      assertThat(passed).isEmpty();
    }
  }

  @Test
  void aTranscriptOfWhichAFilterRemovesTheEndIsRejected() {
    var answer =
        answer(
            source ->
                new ContentStream() {
                  @Override
                  public String next(String piece) {
                    return "";
                  }

                  @Override
                  public String end() {
                    return "";
                  }
                });
    answer.accept(speech("AAAA", "It is sunny."));

    assertThatThrownBy(answer::complete).isInstanceOf(ContentRejectedException.class);

    assertThat(passed).isEmpty();
  }

  @Test
  void aLongTranscriptInSmallPiecesIsFilteredInTime() {
    var answer = answer(new OneBehind(), new OneBehind());

    assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> {
          for (int i = 0; i < 300_000; i++) {
            answer.accept(speech(null, "word "));
          }
          answer.complete();
        });

    assertThat(answer.rejection()).isEmpty();
  }

  private static ModelDelta.Speech speech(String data, String transcript) {
    return new ModelDelta.Speech(null, data, transcript, null);
  }

  @Test
  void citationsWaitForTheirTextAndOneThatAFilterWouldChangeIsLeftOut() {
    var cited = new ModelDelta.Citation("https://a.example", "A", 0, 4);
    var answer = answer(new WithoutHost("b.example"), new OneBehind());

    answer.accept(new ModelDelta.Citation("https://b.example", "B", 0, 4));
    answer.accept(cited);
    answer.accept(new ModelDelta.Text("text"));
    answer.complete();

    assertThat(passed)
        .containsExactly(
            new ModelDelta.Text("tex"),
            new ModelDelta.Batch(List.of(new ModelDelta.Text("t"), cited)));
  }

  /** Takes the name of a host out of each piece. */
  private record WithoutHost(String host) implements ContentFilter {
    @Override
    public ContentStream open(ContentSource source) {
      return new ContentStream() {
        @Override
        public String next(String piece) {
          return piece.replace(host, "");
        }

        @Override
        public String end() {
          return "";
        }
      };
    }
  }
}
