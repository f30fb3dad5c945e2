package dev.threadmill.search;

/** Maps the cosines of different embedding models into the range of all-MiniLM-L6-v2. */
public final class CosineCalibration {
  private static final String BGE_SMALL = "bge-small-en-v1.5";
  private static final double BGE_STRETCH = 1.77;
  private static final double BGE_UNRELATED = 0.45;
  private static final double MINILM_UNRELATED = 0.08;

  private CosineCalibration() {}

  public static double calibrate(String model, double cosine) {
    return model.equals(BGE_SMALL)
        ? MINILM_UNRELATED + (cosine - BGE_UNRELATED) * BGE_STRETCH
        : cosine;
  }
}
