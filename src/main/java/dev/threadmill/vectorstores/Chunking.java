package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.threadmill.api.Bounds;
import dev.threadmill.files.chunks.ChunkingStrategy;

/** How a file is cut into chunks, as clients say it. */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "auto", value = Chunking.Auto.class),
  @JsonSubTypes.Type(name = "static", value = Chunking.Static.class),
})
@JsonPropertyOrder("type")
public sealed interface Chunking {
  /** The kind of strategy, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case Auto _ -> "auto";
      case Static _ -> "static";
    };
  }

  /** The sizes. */
  default ChunkingStrategy strategy() {
    return switch (this) {
      case Auto _ -> ChunkingStrategy.DEFAULT;
      case Static(var sizes) ->
          new ChunkingStrategy(sizes.maxChunkSizeTokens(), sizes.chunkOverlapTokens());
    };
  }

  /** The sizes of a strategy that clients may leave out. */
  static ChunkingStrategy strategyOf(Chunking chunking) {
    return chunking == null ? ChunkingStrategy.DEFAULT : chunking.strategy();
  }

  /** A strategy as responses show it. */
  static Chunking of(ChunkingStrategy strategy) {
    return new Static(new Sizes(strategy.maxTokens(), strategy.overlapTokens()));
  }

  /** The server chooses: 800 tokens, of which 400 overlap. */
  record Auto() implements Chunking {}

  /** Sizes of the client. */
  record Static(@JsonProperty("static") Sizes sizes) implements Chunking {
    @JsonCreator
    public Static {
      Bounds.required("static", sizes);
    }
  }

  /**
   * The sizes of chunks.
   *
   * @param maxChunkSizeTokens 100 to 4096
   * @param chunkOverlapTokens at most half of it
   */
  record Sizes(Integer maxChunkSizeTokens, Integer chunkOverlapTokens) {
    private static final int MIN_TOKENS = 100;
    private static final int MAX_TOKENS = 4_096;

    public Sizes {
      Bounds.integer(
          "max_chunk_size_tokens",
          Bounds.required("max_chunk_size_tokens", maxChunkSizeTokens),
          MIN_TOKENS,
          MAX_TOKENS);
      Bounds.integer(
          "chunk_overlap_tokens",
          Bounds.required("chunk_overlap_tokens", chunkOverlapTokens),
          0,
          maxChunkSizeTokens / 2);
    }
  }
}
