package dev.threadmill.models.rerank;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The settings of re-ranking, which is off without an address. */
@ConfigMapping(prefix = "threadmill.rerank")
public interface RerankConfig {
  /**
   * THREADMILL_RERANK_URL: the address that takes a query and passages, path included, such as
   * {@code https://api.jina.ai/v1/rerank}.
   */
  Optional<String> url();

  /** THREADMILL_RERANK_MODEL: the name of the model; not sent if it is not set. */
  Optional<String> model();

  /** THREADMILL_RERANK_API_KEY: sent as a bearer token. */
  Optional<String> apiKey();

  /**
   * THREADMILL_RERANK_REGION: where the model is, such as {@code eu}, for projects with a region.
   * Not known unless set.
   */
  Optional<String> region();

  /** THREADMILL_RERANK_API: the form of requests and responses. */
  @WithDefault("cohere")
  Api api();

  /** THREADMILL_RERANK_TIMEOUT: after this time the order is that of the search. */
  @WithDefault("2s")
  Duration timeout();

  /** THREADMILL_RERANK_CANDIDATES: how many of the best passages are ranked again. */
  @WithDefault("30")
  int candidates();

  /** The forms of requests and responses. */
  enum Api {
    /** Of Cohere, and of Jina, vLLM and others after it. */
    COHERE,
    /** Of Hugging Face's Text Embeddings Inference. */
    TEI
  }
}
