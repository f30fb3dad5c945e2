package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LocalEmbeddingsTest {
  private static final List<String> TEXTS = List.of("one text", "another one", "and a third");

  @Test
  void closingItLeavesNobodyWaiting() throws Exception {
    var embeddings = new LocalEmbeddings(LocalEmbeddings.Weights.MINILM);
    embeddings.warmUp();
    var waiting = new ArrayList<Future<Integer>>();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 50; i++) {
        waiting.add(clients.submit(() -> vectorsOrNone(embeddings)));
      }

      embeddings.close();

      for (var each : waiting) {
        assertThat(each.get()).isIn(0, TEXTS.size());
      }
    }
    assertThatThrownBy(() -> embeddings.embedQuery("too late")).isInstanceOf(ModelException.class);
  }

  private static int vectorsOrNone(LocalEmbeddings embeddings) throws InterruptedException {
    try {
      return embeddings.embed(TEXTS).size();
    } catch (ModelException e) {
      return 0;
    }
  }
}
