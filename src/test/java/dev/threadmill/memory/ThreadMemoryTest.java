package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ThreadMemoryTest {
  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  private String thread;

  @BeforeEach
  void aThread() {
    thread = user.post("/v1/threads", "{}").id();
  }

  @Test
  void whatWasPostedAMomentAgoIsRecalledByItsMeaning() {
    say("user", "We adopted a kitten last week, she sleeps on the radiator.");
    say("assistant", "Lovely! Cats adore warm places.");
    say("user", "The invoice from the plumber was 240 euros.");
    say("user", "Tomorrow I fly to Lisbon.");

    var memory = memory("Which animal lives with the user?", 2);

    assertThat(memory.path("object").asText()).isEqualTo("thread.memory");
    assertThat(memory.path("thread_id").asText()).isEqualTo(thread);
    assertThat(memory.path("pending").asInt()).isZero();
    assertThat(memory.has("summary")).isTrue();
    assertThat(memory.has("updated_at")).isTrue();
    assertThat(texts(memory)).hasSize(2).first().asString().contains("kitten");
    var best = memory.path("vector_context").get(0);
    assertThat(best.path("source").path("type").asText()).isEqualTo("message");
    assertThat(best.path("source").path("id").asText()).startsWith("msg_");
    assertThat(best.path("score").asDouble()).isBetween(0.0, 1.0);
    assertThat(best.path("created_at").isIntegralNumber()).isTrue();
  }

  @Test
  void withoutAQueryTheNewestMessageOfTheUserIsTheQuery() {
    say("user", "My sister plays the oboe in the city orchestra.");
    say("user", "The car needs new tyres.");
    say("user", "Which instrument does my sister play?");
    say("assistant", "Let me think.");

    assertThat(texts(user.get(path()).json()))
        .anySatisfy(text -> assertThat(text).contains("oboe"));
  }

  @Test
  void withoutAQueryAPictureLeavesTheTextBeforeItToBeTheQuery() {
    say("user", "Which boat did we rent?");
    var picture =
        user.post(
            "/v1/threads/" + thread + "/messages",
            """
            {"role": "user", "content": [
              {"type": "image_url", "image_url": {"url": "https://example.com/boat.png"}}]}
            """);
    assertThat(picture.status()).as(picture.text()).isEqualTo(200);

    var memory = user.get("/v1/threads/" + thread + "/memory");

    assertThat(memory.status()).as(memory.text()).isEqualTo(200);
    assertThat(texts(memory.json())).contains("Which boat did we rent?");
  }

  @Test
  void aThreadOfPicturesAloneHasAnEmptyMemory() {
    user.post(
        "/v1/threads/" + thread + "/messages",
        """
        {"role": "user", "content": [
          {"type": "image_url", "image_url": {"url": "https://example.com/boat.png"}}]}
        """);

    var memory = user.get("/v1/threads/" + thread + "/memory");

    assertThat(memory.status()).as(memory.text()).isEqualTo(200);
    assertThat(texts(memory.json())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, /v1/memory/users/a%00b, ",
    "GET, /v1/threads/{thread}/memory/items/fact_%00, ",
    "DELETE, /v1/threads/{thread}/memory/items/fact_%00, ",
    "DELETE, /v1/threads/{thread}/memory/items/msg_%00, ",
    "GET, /v1/threads/{thread}/memory/items?after=fact_%00, after",
    "GET, /v1/threads/{thread}/messages?after=msg_%00, after",
    "GET, /v1/threads/{thread}/messages?before=msg_%00, before"
  })
  void aParameterThatCannotBeStoredIsRefused(String method, String path, String field) {
    var url = path.replace("{thread}", thread);

    var answer = method.equals("GET") ? user.get(url) : user.delete(url);

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").textValue()).isEqualTo(field);
  }

  @Test
  void messagesOfControlCharactersAreIndexedWithOthersAndHoldUpNone() {
    say("user", "\u0001\u0002\u001f");
    say("user", "\u200b \u0007");
    say("user", "The lighthouse is for sale.");

    var memory = memory("What is for sale?", 1);

    assertThat(memory.path("pending").asInt()).isZero();
    assertThat(texts(memory)).first().asString().contains("lighthouse");
  }

  @Test
  void anEmptyThreadHasAnEmptyMemory() {
    var memory = memory("anything", 10);

    assertThat(memory.path("vector_context")).isEmpty();
    assertThat(memory.path("summary").isNull()).isTrue();
    assertThat(user.get(path()).status()).isEqualTo(200);
  }

  @Test
  void aDeletedMessageLeavesNoTrace() {
    var secret = say("user", "The safe's combination is 71-02-44.");
    say("user", "The weather is fine.");
    assertThat(texts(memory("combination of the safe", 5)))
        .anySatisfy(text -> assertThat(text).contains("71-02-44"));

    assertThat(user.delete("/v1/threads/" + thread + "/messages/" + secret).status())
        .isEqualTo(200);

    assertThat(texts(memory("combination of the safe", 5)))
        .noneSatisfy(text -> assertThat(text).contains("71-02-44"));
    assertThat(rows("memory_index", "source_id", secret)).isZero();
  }

  @Test
  void aDeletedThreadLeavesNoTrace() {
    say("user", "Nobody shall know that I like liquorice.");
    memory("liquorice", 1);
    assertThat(rows("memory_index", "thread_id", thread)).isEqualTo(1);

    assertThat(user.delete("/v1/threads/" + thread).status()).isEqualTo(200);

    assertThat(rows("memory_index", "thread_id", thread)).isZero();
    assertThat(rows("memory_queue", "thread_id", thread)).isZero();
  }

  @Test
  void anotherProjectSeesNothing() {
    say("user", "Our launch is on 3 March.");

    assertThat(ApiClient.stranger().get(path() + "?query=launch").status()).isEqualTo(404);
  }

  @Test
  void aVeryLongMessageIsFoundByASentenceInItsMiddle() {
    var filler = "The committee adjourned the discussion of the annual budget once more. ";
    var text =
        filler.repeat(1400)
            + "The treasure lies beneath the old walnut tree behind the chapel. "
            + filler.repeat(1400);
    assertThat(text.length()).isGreaterThan(195_000);
    say("user", text);
    say("user", "The budget was fine.");

    // Thousands of pieces take a while; until then they are pending, and reported as such.
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> memory("budget", 1).path("pending").asInt() == 0);
    var best = memory("Where is the treasure hidden?", 3).path("vector_context").get(0);
    assertThat(best.path("text").asText()).contains("walnut tree").hasSizeLessThan(2001);
  }

  @Test
  void wordsOfManyScriptsAreFound() {
    var messages =
        Map.ofEntries(
            Map.entry("我昨天在上海买了一把红色的雨伞", "雨伞"),
            Map.entry("私の誕生日は七月です", "誕生日"),
            Map.entry("내 여동생은 부산에서 간호사로 일해요", "간호사로"),
            Map.entry("Мой дедушка строил мосты в Казани", "дедушка"),
            Map.entry("أختي تسكن في القاهرة قرب النيل", "القاهرة"),
            Map.entry("मेरी बहन दिल्ली में शिक्षक है", "शिक्षक"),
            Map.entry("พรุ่งนี้ฉันจะไปเชียงใหม่", "เชียงใหม่"),
            Map.entry("Η γιαγιά μου μένει στη Θεσσαλονίκη", "γιαγιά"),
            Map.entry("סבתא שלי גרה בחיפה", "בחיפה"),
            Map.entry("Đám cưới của tôi ở Đà Nẵng", "Nẵng"),
            Map.entry("Doğum günüm Eylül ayında", "Eylül"),
            Map.entry("Meine Großmutter züchtet Bienen", "Bienen"));
    messages.keySet().forEach(text -> say("user", text));

    for (var message : messages.entrySet()) {
      assertThat(texts(memory(message.getValue(), 3)))
          .as(message.getValue())
          .contains(message.getKey());
    }
  }

  @Test
  void theSameTextSaidTwiceIsRecalledOnce() {
    say("user", "Please remember: the door code is 5521.");
    say("user", "Please remember: the door code is 5521.");

    assertThat(texts(memory("door code", 10))).hasSize(1);
  }

  @Test
  void aLimitThatIsNoneIsRefused() {
    assertThat(user.get(path() + "?limit=0").error().path("param").asText()).isEqualTo("limit");
    assertThat(user.get(path() + "?limit=x").status()).isEqualTo(400);
  }

  private String say(String role, String text) {
    var answer =
        user.post(
            "/v1/threads/" + thread + "/messages",
            Json.write(Map.of("role", role, "content", text)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.id();
  }

  private JsonNode memory(String query, int limit) {
    var answer =
        user.get(
            path()
                + "?limit="
                + limit
                + "&query="
                + URLEncoder.encode(query, StandardCharsets.UTF_8));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private String path() {
    return "/v1/threads/" + thread + "/memory";
  }

  private static List<String> texts(JsonNode memory) {
    return StreamSupport.stream(memory.path("vector_context").spliterator(), false)
        .map(each -> each.path("text").asText())
        .toList();
  }

  private int rows(String table, String column, String value) {
    return jdbc.one(
            "SELECT count(*) AS rows FROM " + table + " WHERE " + column + " = ?",
            row -> row.integer("rows"),
            value)
        .orElseThrow();
  }
}
