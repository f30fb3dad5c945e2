package dev.threadmill.memory.recall;

import java.util.Arrays;

/**
 * Vectors of one length in a byte a dimension, of which the products with another vector are off by
 * some ten-thousandths, as the ranking does not notice. Those of 256 entries lie together,
 * dimension by dimension: then the JVM multiplies many at a time.
 */
final class QuantizedVectors {
  private static final int BLOCK = 256;
  private static final int AT_ONCE = 4;
  private static final int MOST = 127;

  private final int dimensions;
  private final int rows;
  private byte[][] blocks = new byte[0][];
  private float[] scales = new float[0];

  QuantizedVectors(int dimensions) {
    this.dimensions = dimensions;
    this.rows = (dimensions + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
  }

  /**
   * Puts a vector in a place, of which the ones before are taken.
   *
   * @param vector null if there is none
   */
  void put(int place, float[] vector) {
    if (place == scales.length) {
      blocks = Arrays.copyOf(blocks, blocks.length + 1);
      blocks[blocks.length - 1] = new byte[rows * BLOCK];
      scales = Arrays.copyOf(scales, scales.length + BLOCK);
    }
    if (vector == null) {
      scales[place] = Float.NaN;
      return;
    }
    float largest = Float.MIN_NORMAL;
    for (float each : vector) {
      largest = Math.max(largest, Math.abs(each));
    }
    float scale = largest / MOST;
    scales[place] = scale;
    var block = blocks[place / BLOCK];
    for (int row = 0; row < dimensions; row++) {
      block[row * BLOCK + place % BLOCK] = (byte) Math.round(vector[row] / scale);
    }
  }

  /** The products with a vector, by places; not a number where an entry has no vector. */
  float[] dotProducts(float[] vector) {
    var products = new float[blocks.length * BLOCK];
    var factors = Arrays.copyOf(vector, rows);
    var sums = new float[BLOCK];
    for (int block = 0; block < blocks.length; block++) {
      Arrays.fill(sums, 0);
      for (int row = 0; row < rows; row += AT_ONCE) {
        add(blocks[block], row * BLOCK, factors, row, sums);
      }
      int from = block * BLOCK;
      for (int i = 0; i < BLOCK; i++) {
        products[from + i] = sums[i] * scales[from + i];
      }
    }
    return products;
  }

  private static void add(byte[] block, int from, float[] factors, int row, float[] sums) {
    float first = factors[row];
    float second = factors[row + 1];
    float third = factors[row + 2];
    float fourth = factors[row + 3];
    for (int i = 0; i < BLOCK; i++) {
      sums[i] +=
          block[from + i] * first
              + block[from + BLOCK + i] * second
              + block[from + 2 * BLOCK + i] * third
              + block[from + 3 * BLOCK + i] * fourth;
    }
  }
}
