package dev.threadmill.models;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The configuration of the models. */
@ConfigMapping(prefix = "threadmill.models")
public interface ModelsConfig {
  /** THREADMILL_MODELS: the file with more providers and models. */
  Optional<String> file();

  /** The default provider: any OpenAI-compatible server. */
  Endpoint openai();

  /**
   * THREADMILL_MODERATIONS: whether the default provider has moderations. Where it is not set they
   * are passed on to OpenAI's own address only.
   */
  Optional<Boolean> moderations();

  /**
   * THREADMILL_READS_FILES: whether the default provider takes PDF documents as they are, for
   * models whose names say that they read them. Where it is not set they are sent to OpenAI's own
   * address only, and others get their text.
   */
  Optional<Boolean> readsFiles();

  /**
   * THREADMILL_PRICES: the provider whose prices in the shipped list count for the default
   * provider, such as {@code openai} for a gateway to it, or {@code none}. Where it is not set they
   * count for the providers' own addresses.
   */
  Optional<String> prices();

  /**
   * THREADMILL_TIERS: the models that tiers stand for, such as {@code
   * fast=gpt-4o-mini,reasoner=o3}.
   */
  Optional<String> tiers();

  /** Claude models, if a key is set. */
  Endpoint anthropic();

  /** Gemini models, if a key is set. */
  Endpoint gemini();

  /** Models of an Ollama server, if its address is set. */
  Endpoint ollama();

  /**
   * The longest wait for the first byte of a response. Where it is not set it is {@link
   * #nextByteTimeout}, and 300 s for local providers, which may have to load the model first.
   */
  Optional<Duration> firstByteTimeout();

  /** The longest wait between two bytes of a streamed response; 30 s where it is not set. */
  Optional<Duration> nextByteTimeout();

  /** The longest wait for a complete response that is not streamed. */
  @WithDefault("60s")
  Duration answerTimeout();

  /** The longest wait for a connection to a provider. */
  @WithDefault("10s")
  Duration connectTimeout();

  /** How often a call is retried as long as no delta was emitted. */
  @WithDefault("3")
  int retries();

  /** The wait before the first retry; it doubles with each further one, give or take a quarter. */
  @WithDefault("500ms")
  Duration firstBackoff();

  /** The longest wait before a retry. A provider that asks for more is not retried. */
  @WithDefault("30s")
  Duration longestBackoff();

  /** The most connections to one host; further calls wait for one. */
  @WithDefault("10000")
  int connections();

  /** The longest line of a stream, in bytes. */
  @WithDefault("4194304")
  int longestLine();

  /** The largest response, in bytes. */
  @WithDefault("67108864")
  long longestAnswer();

  /** The address and the key of a provider. */
  interface Endpoint {
    /** Its address, including the version: {@code https://host/v1}. */
    Optional<String> baseUrl();

    /** Its key. */
    Optional<String> apiKey();
  }
}
