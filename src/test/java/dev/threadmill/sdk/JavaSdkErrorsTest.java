package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.threads.runs.RunCreateParams;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The exceptions of openai-java and their messages. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkErrorsTest {
  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  @Test
  void anUnknownObjectIsNotFoundAndHasARequestId() {
    var error =
        catchThrowableOfType(
            NotFoundException.class,
            () -> sdk.client.beta().assistants().retrieve("asst_0000000000000000000000000"));

    assertThat(error.type()).contains("invalid_request_error");
    assertThat(error).hasMessageContaining("No assistant found with id");
    assertThat(error.headers().values("x-request-id")).hasSize(1);
  }

  @Test
  void aWrongKeyIsUnauthorized() {
    var stranger = JavaSdk.connect(new SdkCaller(ApiClient.base(), "sk-wrong"));

    var error =
        catchThrowableOfType(
            UnauthorizedException.class, () -> stranger.client.beta().assistants().list());

    assertThat(error.code()).contains("invalid_api_key");
  }

  @Test
  void anInvalidFieldIsNamed() {
    var tooHot = AssistantCreateParams.builder().model(JavaSdk.MODEL).temperature(3.0);
    var unknown =
        AssistantCreateParams.builder()
            .model(JavaSdk.MODEL)
            .putAdditionalBodyProperty("flavour", JsonValue.from("sweet"));

    assertThat(refused(tooHot).param()).contains("temperature");
    assertThat(refused(unknown).param()).contains("flavour");
    assertThat(refused(unknown).type()).contains("invalid_request_error");
  }

  private BadRequestException refused(AssistantCreateParams.Builder params) {
    return catchThrowableOfType(
        BadRequestException.class, () -> sdk.client.beta().assistants().create(params.build()));
  }

  @Test
  void aLockedThreadIsABadRequestInTheKnownWords() {
    var run = sdk.waitingRun();

    var message =
        catchThrowableOfType(BadRequestException.class, () -> sdk.say(run.threadId(), "x"));
    var second =
        catchThrowableOfType(
            BadRequestException.class,
            () ->
                sdk.threads()
                    .runs()
                    .create(
                        run.threadId(),
                        RunCreateParams.builder().assistantId(run.assistantId()).build()));

    assertThat(message)
        .hasMessageContaining(
            "Can't add messages to %s while a run %s is active."
                .formatted(run.threadId(), run.id()));
    assertThat(second)
        .hasMessageContaining(
            "Thread %s already has an active run %s.".formatted(run.threadId(), run.id()));
  }
}
