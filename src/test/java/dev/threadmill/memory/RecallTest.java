package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.search.Chunks;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ranking, beyond the similarity of a text to the query. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class RecallTest {
  private MemoryThread thread;

  @BeforeEach
  void aThread() {
    thread = MemoryThread.create(ApiClient.user());
  }

  @Test
  void aLongAnswerIsRecalledWhole() {
    thread.say("user", "How should we restore the mill?");
    var answer =
        "Begin with the roof, so that nothing you do below gets wet again. ".repeat(8)
            + "A French drain ought to be sixty centimetres deep. "
            + "Leave windows and wiring for the end, as they depend on everything else. ".repeat(8);
    assertThat(answer.length()).isBetween(Chunks.MAX_LENGTH + 1, 2_000);
    thread.say("assistant", answer);
    thread.say("user", "Thank you.");

    assertThat(thread.recalled("How deep should the drain be?", 1)).containsExactly(answer);
  }

  @Test
  void ofAVeryLongAnswerTheMatchingPassageIsRecalled() {
    var before = "The committee spoke of the budget for an hour. ".repeat(100);
    thread.say("assistant", before + "The treasurer is called Wilhelmina Okonkwo. " + before);

    assertThat(thread.recalled("What is the treasurer called?", 1))
        .singleElement()
        .satisfies(
            text -> assertThat(text).contains("Wilhelmina Okonkwo").hasSizeBetween(1_000, 2_000));
  }

  @Test
  void aQuestionAskedBeforeIsNoAnswer() {
    thread.say("user", "What must I not feed Biscuit?");
    thread.say("user", "Our dog Biscuit is allergic to chicken.");

    assertThat(thread.recalled("What must I not feed Biscuit?", 2))
        .first()
        .asString()
        .contains("chicken");
  }

  @Test
  void whatWasSaidInAMonthIsKnownFromTheMetadataOfMessagesThatWereBroughtFromElsewhere() {
    IntStream.rangeClosed(1, 6)
        .forEach(
            month ->
                thread.say(
                    "user",
                    "I went to the dentist, number %d.".formatted(month),
                    Map.of("date", "2023/%02d/14 (Tue) 09:30".formatted(month))));

    assertThat(thread.recalled("What did I do in April 2023?", 1))
        .containsExactly("I went to the dentist, number 4.");
    // the conversation ends in June
    assertThat(thread.recalled("What did I do last month?", 1))
        .containsExactly("I went to the dentist, number 5.");
  }

  @Test
  void aDateAtTheHeadOfASessionHoldsForWhatFollows() {
    var sports = List.of("swimming", "climbing", "dancing");
    var days = List.of("8 May 2023", "25 May 2023", "9 June 2023");
    for (int i = 0; i < days.size(); i++) {
      thread.say("user", "[" + days.get(i) + ", 1:56 pm] Hello again!");
      thread.say("assistant", "Good to hear from you.");
      thread.say("user", "I have been %s with my sister.".formatted(sports.get(i)));
    }

    assertThat(thread.recalled("Which sport did I do with my sister on 25 May 2023?", 2))
        .anySatisfy(text -> assertThat(text).contains("climbing"));
  }

  @Test
  void contradictingMessagesAreBothRecalledWithTheirTimes() {
    thread.say("user", "I live in Oslo.");
    thread.say("user", "I have moved, I live in Bergen now.");

    var recalled = thread.memory("Where do I live now?", 2).path("vector_context");

    assertThat(recalled).hasSize(2);
    assertThat(recalled.get(0).path("text").asText()).contains("Bergen");
    assertThat(recalled.get(0).path("created_at").asLong())
        .isGreaterThanOrEqualTo(recalled.get(1).path("created_at").asLong());
  }
}
