package dev.threadmill.models.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingsResponseReaderTest {
  private static EmbeddedInputs read(String json, int expected) throws IOException {
    var bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return EmbeddingsResponseReader.read(new ByteArrayInputStream(bytes), expected);
  }

  @Test
  void vectorsComeInTheOrderOfTheirInputs() throws IOException {
    var answer =
        read(
            """
            {'usage': {'prompt_tokens': 7, 'cost': {'x': 1}}, 'extra': [{'a': [1]}], 'data': [
              {'index': 1, 'embedding': [3, 4e-1], 'object': 'embedding'},
              {'embedding': [1, -2], 'index': 0}]}
            """,
            2);

    assertThat(answer.vectors().get(0)).containsExactly(1, -2);
    assertThat(answer.vectors().get(1)).containsExactly(3, 0.4f);
    assertThat(answer.promptTokens()).isEqualTo(7);
  }

  @Test
  void aVectorWithoutAnIndexIsThatOfTheInputInItsPlace() throws IOException {
    var answer = read("{'data': [{'embedding': [1]}, {'embedding': [2]}]}", 2);

    assertThat(answer.vectors().get(1)).containsExactly(2);
    assertThat(answer.promptTokens()).isZero();
  }

  @Test
  void aVectorMayBeBase64() throws IOException {
    assertThat(read("{'data': [{'index': 0, 'embedding': 'AACAPwAAAEA='}]}", 1).vectors().get(0))
        .containsExactly(1, 2);
  }

  @Test
  void negativeUsageIsNone() throws IOException {
    assertThat(
            read("{'data': [{'embedding': [1]}], 'usage': {'prompt_tokens': -3}}", 1)
                .promptTokens())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        "{'data': []}",
        "{'data': [{'embedding': [1]}]}",
        "{'data': [{'embedding': [1]}, {'embedding': [1, 2]}]}",
        "{'data': [{'embedding': [1]}, {'embedding': []}]}",
        "{'data': [{'embedding': [1]}, {'embedding': ['a']}]}",
        "{'data': [{'embedding': [1]}, {'embedding': [1e400]}]}",
        "{'data': [{'embedding': [1]}, {'embedding': [[1]]}]}",
        "{'data': [{'embedding': [1]}, {'embedding': null}]}",
        "{'data': [{'embedding': [1]}, {'embedding': {'a': 1}}]}",
        "{'data': [{'embedding': [1]}, {'embedding': '???'}]}",
        "{'data': [{'embedding': [1]}, {'index': 2, 'embedding': [1]}]}",
        "{'data': [{'embedding': [1]}, {'index': -1, 'embedding': [1]}]}",
        "{'data': [{'embedding': [1]}, {'index': 0, 'embedding': [1]}]}",
        "{'data': [{'embedding': [1]}, {'embedding': [1]",
      })
  void anInvalidResponseIsNoVector(String response) {
    assertThatThrownBy(() -> read(response, 2)).isInstanceOf(JsonProcessingException.class);
  }
}
