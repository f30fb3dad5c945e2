package dev.threadmill.search;

import java.util.Arrays;

/**
 * Vectors of one length with a byte a dimension. Dot products with them are off by some
 * ten-thousandths, too little to change a ranking. The vectors of 256 slots are stored together,
 * dimension by dimension, so that the JVM vectorizes the multiplication.
 */
final class QuantizedVectors {
  private static final int BLOCK = 256;
  private static final int ROWS_PER_PASS = 4;
  private static final int MAX_BYTE = 127;

  private final int dimensions;
  private final int rows;
  private byte[][] blocks = new byte[0][];
  private float[] scales = new float[0];

  QuantizedVectors(int dimensions) {
    this.dimensions = dimensions;
    this.rows = (dimensions + ROWS_PER_PASS - 1) / ROWS_PER_PASS * ROWS_PER_PASS;
  }

  /**
   * Puts a vector into a slot. Slots are filled in ascending order.
   *
   * @param vector null if there is none
   */
  void put(int slot, float[] vector) {
    if (slot == scales.length) {
      blocks = Arrays.copyOf(blocks, blocks.length + 1);
      blocks[blocks.length - 1] = new byte[rows * BLOCK];
      scales = Arrays.copyOf(scales, scales.length + BLOCK);
    }
    if (vector == null) {
      scales[slot] = Float.NaN;
      return;
    }
    float largest = Float.MIN_NORMAL;
    for (float each : vector) {
      largest = Math.max(largest, Math.abs(each));
    }
    float scale = largest / MAX_BYTE;
    scales[slot] = scale;
    var block = blocks[slot / BLOCK];
    for (int row = 0; row < dimensions; row++) {
      block[row * BLOCK + slot % BLOCK] = (byte) Math.round(vector[row] / scale);
    }
  }

  /** The dot product of each slot with a vector; NaN where a slot has no vector. */
  float[] dotProducts(float[] vector) {
    var products = new float[blocks.length * BLOCK];
    var factors = Arrays.copyOf(vector, rows);
    var sums = new float[BLOCK];
    for (int block = 0; block < blocks.length; block++) {
      Arrays.fill(sums, 0);
      for (int row = 0; row < rows; row += ROWS_PER_PASS) {
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
