package dev.threadmill.models.embeddings;

/** Vectors of length 1. */
final class UnitVector {
  private UnitVector() {}

  /** Gives a vector the length 1; returns false if it has no direction. */
  static boolean normalize(float[] vector) {
    double square = 0;
    for (float each : vector) {
      square += (double) each * each;
    }
    double length = Math.sqrt(square);
    if (!(length > 0) || Double.isInfinite(length)) {
      return false;
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) length;
    }
    return true;
  }
}
