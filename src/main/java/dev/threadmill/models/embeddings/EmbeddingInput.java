package dev.threadmill.models.embeddings;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

/** What one vector is computed of. */
sealed interface EmbeddingInput {
  /** A text, which is not empty. */
  record Text(String text) implements EmbeddingInput {}

  /** The ids of the tokens of a text, at least one. */
  record Tokens(int[] ids) implements EmbeddingInput {
    /**
     * The text, if these are tokens of cl100k, the encoding of OpenAI's embedding models.
     *
     * @throws IllegalArgumentException if an id is not one of the encoding
     */
    String decode() {
      var list = new IntArrayList(ids.length);
      for (int id : ids) {
        list.add(id);
      }
      try {
        return Cl100k.ENCODING.decode(list);
      } catch (NullPointerException e) {
        // That is how the library reports an id that it does not know.
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }
  }

  /** Loads the table when it is first needed. */
  final class Cl100k {
    private static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);

    private Cl100k() {}
  }
}
