package dev.threadmill.memory.recall;

/** Cosines of different models lie in different ranges; this brings them into that of MiniLM. */
final class CosineCalibration {
  private static final String BGE_SMALL = "bge-small-en-v1.5";
  private static final double BGE_STRETCH = 1.77;
  private static final double BGE_UNRELATED = 0.45;
  private static final double MINILM_UNRELATED = 0.08;

  private CosineCalibration() {}

  static double calibrate(String model, double cosine) {
    return model.equals(BGE_SMALL)
        ? MINILM_UNRELATED + (cosine - BGE_UNRELATED) * BGE_STRETCH
        : cosine;
  }
}
