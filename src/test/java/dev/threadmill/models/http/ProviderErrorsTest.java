package dev.threadmill.models.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.models.ModelException.Kind;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProviderErrorsTest {
  private static final String PAGE = "<html><head><title>404 Not Found</title></head></html>";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | {\"error\":{\"message\":\"Too long.\"}} | INVALID_PROMPT | Too long.",
        "400 | {\"error\":\"Too long.\"} | INVALID_PROMPT | Too long.",
        "400 | {\"detail\":\"Too long.\"} | INVALID_PROMPT | Too long.",
        "422 | {\"detail\":[{\"loc\":[\"body\",\"n\"],\"msg\":\"too high\"}]} | INVALID_PROMPT | n: too"
            + " high",
        "400 | {\"message\":\"Too long.\"} | INVALID_PROMPT | Too long.",
        "400 | {\"errors\":[\"Too long.\",\"Too loud.\"]} | INVALID_PROMPT | Too long.; Too loud.",
        "400 | [{\"error\":{\"message\":\"Too long.\"}}] | INVALID_PROMPT | Too long.",
        "400 | \"Too long.\" | INVALID_PROMPT | Too long.",
        "400 | Too long. | INVALID_PROMPT | Too long.",
        "400 | {\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"Deep.\\\"}}\"}}"
            + " | INVALID_PROMPT | Deep.",
        "403 | {\"error\":{\"message\":\"Your region is not served.\"}} | PROVIDER_FAILED | does not"
            + " allow the request: status 403: Your region is not served.",
        "403 | {\"error\":{\"message\":\"Invalid API key\"}} | PROVIDER_FAILED | does not accept the"
            + " key: check ONE_KEY: Invalid API key",
        "403 |  | PROVIDER_FAILED | does not accept the key: check ONE_KEY.",
        "401 | {\"error\":{\"message\":\"No.\"}} | PROVIDER_FAILED | does not accept the key",
        "404 | " + PAGE + " | PROVIDER_FAILED | check base_url",
        "404 | {\"detail\":\"Not Found\"} | PROVIDER_FAILED | check base_url",
        "404 | 404 page not found | PROVIDER_FAILED | check base_url",
        "404 | {\"error\":\"model 'x' not found\"} | UNKNOWN_MODEL | model 'x' not found",
        "404 | {\"error\":{\"message\":\"No.\",\"type\":\"x\"}} | UNKNOWN_MODEL | has no model 'm'",
        "400 | {\"error\":{\"message\":\"The model `m` does not exist\"}} | UNKNOWN_MODEL | has no"
            + " model 'm'",
        "402 | {\"error\":{\"message\":\"Pay.\"}} | PROVIDER_FAILED | Pay.",
        "503 | {\"error\":{\"message\":\"Loading model\"}} | PROVIDER_FAILED | status 503: Loading"
            + " model",
        "502 | " + PAGE + " | PROVIDER_FAILED | status 502: 404 Not Found",
        "429 | {\"error\":{\"message\":\"Slow down.\"}} | RATE_LIMITED | Slow down.",
        "418 | I am a teapot | PROVIDER_FAILED | status 418: I am a teapot",
      })
  void theMessageOfTheProviderIsKept(int status, String body, Kind kind, String message) {
    var error = fromStatus("secret-secret-secret", status, body == null ? "" : body);

    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error).hasMessageContaining(message);
  }

  @Test
  void aKeyIsMaskedOnlyAsAWholeLongWord() {
    assertThat(fromStatus("ollama", 400, "registry.ollama.ai/library/x does not support tools"))
        .hasMessage("registry.ollama.ai/library/x does not support tools");
    assertThat(fromStatus("my-long-secret-key", 400, "Key my-long-secret-key is not known."))
        .hasMessage("Key [key] is not known.");
    assertThat(fromStatus("my-long-secret-key", 400, "not-my-long-secret-keys"))
        .hasMessage("not-my-long-secret-keys");
    assertThat(fromStatus("x", 400, "Incorrect API key: sk-proj-1234567890abcdef"))
        .hasMessage("Incorrect API key: [key]");
    assertThat(fromStatus("x", 400, "keep-alive and task-list stay"))
        .hasMessage("keep-alive and task-list stay");
  }

  @Test
  void addressesOfTheOperatorAreMaskedAndPublicOnesStay() {
    assertThat(
            fromStatus(
                "x",
                400,
                "See https://platform.example.com/docs, not http://10.0.0.1:8000/v1 or"
                    + " https://api.one.example/v1/x or http://vllm.svc/x."))
        .hasMessage(
            "See https://platform.example.com/docs, not [address] or [address] or [address]");
  }

  @Test
  void anErrorIsOneLineOfBoundedLength() {
    var message = fromStatus("x", 400, "one\r\ntwo\u0007 " + "x".repeat(1000)).getMessage();

    assertThat(message).startsWith("one two").hasSize(501).doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "server_error, , true",
    "overloaded_error, , true",
    "api_error, , true",
    ", 503, true",
    ", 429, true",
    "rate_limit_error, , true",
    "invalid_request_error, , false",
    "authentication_error, , false",
    "permission_error, , false",
    ", 400, false",
    "something_new, , false",
  })
  void anErrorInAStreamIsRetriedOnlyIfItsKindIs(String type, String code, boolean retried) {
    var json = Json.MAPPER.createObjectNode();
    json.putObject("error").put("message", "Words.").put("type", type).put("code", code);

    var error = errors("x").fromStreamEvent(json, "", "m");

    assertThat(error.isRetryable()).isEqualTo(retried);
    assertThat(error).hasMessageContaining("Words.");
  }

  private static ProviderException fromStatus(String key, int status, String body) {
    var type =
        body.startsWith("{") || body.startsWith("[") || body.isEmpty()
            ? "application/json"
            : "text/plain";
    return errors(key)
        .fromStatus(
            status,
            header -> header.equals("content-type") ? type : "",
            body.getBytes(StandardCharsets.UTF_8),
            "m");
  }

  private static ProviderErrors errors(String key) {
    return new ProviderErrors(
        ProviderConfig.of(
            "one",
            "openai",
            Optional.of("https://api.one.example/v1"),
            Optional.of(key),
            "ONE_KEY"),
        InstantSource.system());
  }
}
