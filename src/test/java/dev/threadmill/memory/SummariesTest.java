package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

/** Summaries and facts that a model makes of a thread. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class SummariesTest extends MemoryFixture {
  @Inject SummarizeThreads summarize;

  @Test
  void rollingFoldsWhatHasLeftTheWindowAndTheNextRunIsGivenTheSummary() throws Exception {
    var assistant = assistant("{\"enabled\": true, \"summary_method\": \"rolling\"}");
    say("user", "We launch the balloon in Toulouse on 4 May.");
    chat(6);
    say("user", "Next?");
    run(assistant, LAST_TWO);
    provider.reply(Reply.text("{\"summary\": \"A balloon launch in Toulouse on 4 May.\"}"));

    sumUp();

    var request = provider.lastRequest().body();
    assertThat(request.path("messages").toString()).contains("Toulouse").doesNotContain("Next?");
    var memory = user.get(path()).json();
    assertThat(memory.path("summary").asText()).isEqualTo("A balloon launch in Toulouse on 4 May.");
    assertThat(memory.path("summary_method").asText()).isEqualTo("rolling");
    assertThat(memory.path("updated_at").isIntegralNumber()).isTrue();

    say("user", "And now?");
    var run = run(assistant, LAST_TWO);
    assertThat(provider.lastRequest().body().path("messages").get(0).toString())
        .contains("A balloon launch in Toulouse on 4 May.");
    assertThat(part(context(run), "summary").path("version").asInt()).isEqualTo(1);
    assertThat(context(run).path("exact").asBoolean()).isTrue();
  }

  @Test
  void reflectionLearnsFactsAndCorrectsThemWhenContradicted() throws Exception {
    var assistant = assistant("{\"enabled\": true, \"summary_method\": \"reflection\"}");
    var first = say("user", "I live in Oslo.");
    run(assistant, null);
    provider.reply(
        Reply.text(
            """
            {"summary": "The user lives in Oslo.", "facts": [
              {"kind": "fact", "text": "The user lives in Oslo.", "message_ids": ["%s"],
               "corrects": []},
              {"kind": "fact", "text": "Made up.", "message_ids": ["msg_nothere"], "corrects": []}]}
            """
                .formatted(first)));
    sumUp();
    var items = user.get(path() + "/items").json().path("data");
    assertThat(items).hasSize(1);
    var oslo = items.get(0).path("id").asText();
    assertThat(items.get(0).path("message_ids").get(0).asText()).isEqualTo(first);

    var second = say("user", "I have moved to Bergen.");
    run(assistant, null);
    provider.reply(
        Reply.text(
            """
            {"summary": "The user lives in Bergen.", "facts": [
              {"kind": "fact", "text": "The user lives in Bergen.", "message_ids": ["%s"],
               "corrects": ["%s"]}]}
            """
                .formatted(second, oslo)));
    sumUp();

    assertThat(provider.lastRequest().body().path("messages").toString()).contains(oslo);
    var old = user.get(path() + "/items/" + oslo).json();
    assertThat(old.path("superseded_by").asText()).startsWith("fact_");
    var recalled = user.get(path() + "?query=Where+does+the+user+live").json();
    assertThat(recalled.path("vector_context").toString())
        .contains("The user lives in Bergen.")
        .doesNotContain("The user lives in Oslo.");
    assertThat(recalled.path("summary").asText()).isEqualTo("The user lives in Bergen.");
  }

  @Test
  void nonsenseLeavesTheOldSummaryAndIsTriedAgain() throws Exception {
    var assistant = assistant("{\"enabled\": true, \"summary_method\": \"reflection\"}");
    say("user", "First.");
    run(assistant, null);
    provider.reply(Reply.text("{\"summary\": \"Good.\", \"facts\": []}"));
    sumUp();
    say("user", "Second.");
    run(assistant, null);
    provider.reply(Reply.text("I am sorry, Dave."));

    due();
    assertThat(summarize.summarizeNext()).isTrue();

    assertThat(user.get(path()).json().path("summary").asText()).isEqualTo("Good.");
    provider.reply(Reply.text("{\"summary\": \"Better.\", \"facts\": []}"));
    sumUp();
    assertThat(user.get(path()).json().path("summary").asText()).isEqualTo("Better.");
  }

  @Test
  void summariesAreEditedAndRestoredAsVersions() throws Exception {
    var assistant = assistant("{\"enabled\": true, \"summary_method\": \"reflection\"}");
    say("user", "First.");
    run(assistant, null);
    provider.reply(Reply.text("{\"summary\": \"By the model.\", \"facts\": []}"));
    sumUp();

    var edited = user.post(path() + "/summaries", "{\"text\": \"By hand.\"}");
    assertThat(edited.json().path("version").asInt()).as(edited.text()).isEqualTo(2);
    assertThat(user.get(path()).json().path("summary").asText()).isEqualTo("By hand.");

    var restored = user.post(path() + "/summaries/1/restore", "{}");
    assertThat(restored.json().path("text").asText()).isEqualTo("By the model.");
    assertThat(restored.json().path("origin").asText()).isEqualTo("restore");
    var versions = user.get(path() + "/summaries?limit=2").json();
    assertThat(versions.path("data")).hasSize(2);
    assertThat(versions.path("has_more").asBoolean()).isTrue();
    assertThat(versions.path("data").get(0).path("version").asInt()).isEqualTo(3);
    assertThat(user.get(path() + "/summaries/9").status()).isEqualTo(404);
  }

  @Test
  void aDeletedMessageIsNotInTheNextSummary() throws Exception {
    var assistant = assistant("{\"enabled\": true, \"summary_method\": \"reflection\"}");
    var secret = say("user", "My PIN is 9381.");
    say("user", "I like trains.");
    run(assistant, null);
    provider.reply(
        Reply.text(
            """
            {"summary": "PIN 9381, likes trains.", "facts": [{"kind": "fact",
              "text": "The PIN is 9381.", "message_ids": ["%s"], "corrects": []}]}
            """
                .formatted(secret)));
    sumUp();

    assertThat(user.delete("/v1/threads/" + thread + "/messages/" + secret).status())
        .isEqualTo(200);
    provider.reply(Reply.text("{\"summary\": \"Likes trains.\", \"facts\": []}"));
    sumUp();

    assertThat(provider.lastRequest().body().path("messages").toString()).doesNotContain("9381");
    assertThat(user.get(path()).json().path("summary").asText()).isEqualTo("Likes trains.");
    assertThat(user.get(path() + "/items").json().path("data")).isEmpty();
  }

  /** Runs the summary worker until no thread is due. */
  private void sumUp() throws InterruptedException {
    due();
    while (summarize.summarizeNext()) {
      // goes on
    }
  }

  private void due() {
    jdbc.update("UPDATE memory_summary_queue SET due = '-infinity'");
  }
}
