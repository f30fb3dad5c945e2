package dev.threadmill.models;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The settings of the models. */
@ConfigMapping(prefix = "threadmill.models")
public interface ModelsConfig {
  /** THREADMILL_MODELS: the file that describes more providers and models. */
  Optional<String> file();

  /** The default provider: any OpenAI-compatible server. */
  Endpoint openai();

  /** Claude models, if a key is set. */
  Endpoint anthropic();

  /** Gemini models, if a key is set. */
  Endpoint gemini();

  /** Models of an Ollama server, if its address is set. */
  Endpoint ollama();

  /** The longest wait for the next byte of a streamed answer, and for its first. */
  @WithDefault("30s")
  Duration nextByteTimeout();

  /** The longest wait for a whole answer that is not streamed. */
  @WithDefault("60s")
  Duration answerTimeout();

  /** The longest wait for a connection to a provider. */
  @WithDefault("10s")
  Duration connectTimeout();

  /** How often a call is tried again as long as nothing of the answer has come. */
  @WithDefault("3")
  int retries();

  /** The wait before the first retry; it doubles with each further one, give or take a quarter. */
  @WithDefault("500ms")
  Duration firstBackoff();

  /** The longest wait before a retry. A provider that asks for more is not tried again. */
  @WithDefault("30s")
  Duration longestBackoff();

  /** The most answers in the making at one provider at a time; further calls wait for a place. */
  @WithDefault("10000")
  int connections();

  /** The longest line of a stream, in bytes. */
  @WithDefault("4194304")
  int longestLine();

  /** The longest answer, in bytes as they come from the provider. */
  @WithDefault("67108864")
  long longestAnswer();

  /** Where a provider is. */
  interface Endpoint {
    /** Its address, including the version: {@code https://host/v1}. */
    Optional<String> baseUrl();

    /** The key it wants. */
    Optional<String> apiKey();
  }
}
