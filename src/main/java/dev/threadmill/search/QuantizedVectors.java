package dev.threadmill.search;

import java.util.Arrays;

/**
 * Vectors of one length with a byte a dimension. Dot products with them are off by a thousandth,
 * rarely by two, too little to change a ranking. The signs of the dimensions, a bit each, tell in a
 * thirtieth of the time which vectors are worth a product. They are signs of the differences from
 * the mean of the vectors, since vectors of some models all point into about the same direction.
 */
final class QuantizedVectors {
  private static final int BLOCK = 1_024;
  private static final int MAX_BYTE = 127;

  /** The number of slots at which the mean is first computed. It is anew at each doubling. */
  private static final int FIRST_MEAN = 4_096;

  private final int dimensions;
  private final int words;
  private byte[][] blocks = new byte[0][];
  private long[][] signs = new long[0][];
  private float[] scales = new float[0];
  private final float[] mean;
  private int nextMean = FIRST_MEAN;

  QuantizedVectors(int dimensions) {
    this.dimensions = dimensions;
    this.words = Math.ceilDiv(dimensions, Long.SIZE);
    this.mean = new float[dimensions];
  }

  /** The heap that a vector takes. */
  static int bytesPerVector(int dimensions) {
    return dimensions + Math.ceilDiv(dimensions, Long.SIZE) * Long.BYTES + Float.BYTES;
  }

  /** A vector that others are compared with. */
  static final class Query {
    private final byte[] values;
    private final long[] signs;
    private final float scale;

    private Query(float[] vector, float[] mean) {
      values = new byte[vector.length];
      signs = new long[Math.ceilDiv(vector.length, Long.SIZE)];
      scale = quantize(vector, values, 0);
      writeSigns(values, 0, scale, mean, signs, 0);
    }
  }

  /** A query, which is valid until a vector is put. */
  Query query(float[] vector) {
    return new Query(vector, mean);
  }

  /**
   * Puts a vector into a slot. Slots are filled in ascending order.
   *
   * @param vector null if there is none
   */
  void put(int slot, float[] vector) {
    if (slot == scales.length) {
      blocks = Arrays.copyOf(blocks, blocks.length + 1);
      blocks[blocks.length - 1] = new byte[dimensions * BLOCK];
      signs = Arrays.copyOf(signs, signs.length + 1);
      signs[signs.length - 1] = new long[words * BLOCK];
      scales = Arrays.copyOf(scales, scales.length + BLOCK);
    }
    scales[slot] =
        vector == null
            ? Float.NaN
            : quantize(vector, blocks[slot / BLOCK], slot % BLOCK * dimensions);
    writeSigns(slot);
    if (slot + 1 == nextMean) {
      computeMean(slot + 1);
      for (int each = 0; each <= slot; each++) {
        writeSigns(each);
      }
      nextMean *= 2;
    }
  }

  private void computeMean(int count) {
    var sums = new double[dimensions];
    int vectors = 0;
    for (int slot = 0; slot < count; slot++) {
      if (!Float.isNaN(scales[slot])) {
        vectors++;
        var block = blocks[slot / BLOCK];
        int from = slot % BLOCK * dimensions;
        for (int i = 0; i < dimensions; i++) {
          sums[i] += block[from + i] * scales[slot];
        }
      }
    }
    for (int i = 0; i < dimensions; i++) {
      mean[i] = (float) (sums[i] / Math.max(1, vectors));
    }
  }

  private void writeSigns(int slot) {
    if (!Float.isNaN(scales[slot])) {
      writeSigns(
          blocks[slot / BLOCK],
          slot % BLOCK * dimensions,
          scales[slot],
          mean,
          signs[slot / BLOCK],
          slot % BLOCK * words);
    }
  }

  private static void writeSigns(
      byte[] values, int from, float scale, float[] mean, long[] signs, int fromWord) {
    for (int i = 0; i < mean.length; i++) {
      long bit = 1L << i;
      if (values[from + i] * scale > mean[i]) {
        signs[fromWord + i / Long.SIZE] |= bit;
      } else {
        signs[fromWord + i / Long.SIZE] &= ~bit;
      }
    }
  }

  /** Writes the bytes of a vector; returns what a byte of 1 stands for. */
  private static float quantize(float[] vector, byte[] values, int from) {
    float largest = Float.MIN_NORMAL;
    for (float each : vector) {
      largest = Math.max(largest, Math.abs(each));
    }
    float scale = largest / MAX_BYTE;
    for (int i = 0; i < vector.length; i++) {
      values[from + i] = (byte) Math.round(vector[i] / scale);
    }
    return scale;
  }

  /** The dot product of a slot with a vector; NaN if the slot has none. */
  float product(Query query, int slot) {
    int sum = sum(blocks[slot / BLOCK], slot % BLOCK * dimensions, query.values);
    return sum * query.scale * scales[slot];
  }

  /** In a method of its own, so that the JVM vectorizes the loop. */
  private static int sum(byte[] block, int from, byte[] values) {
    int sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += block[from + i] * values[i];
    }
    return sum;
  }

  /**
   * The dot product of each slot with a vector; NaN where a slot has no vector.
   *
   * @param count the number of slots in use
   */
  float[] products(Query query, int count) {
    var products = new float[count];
    for (int slot = 0; slot < count; slot++) {
      products[slot] = product(query, slot);
    }
    return products;
  }

  /**
   * The slots that have vectors, those first whose signs differ least from the query's.
   *
   * @param count the number of slots in use
   */
  int[] bySigns(Query query, int count) {
    var distances = new short[count];
    var starts = new int[dimensions + 2];
    for (int slot = 0; slot < count; slot++) {
      if (Float.isNaN(scales[slot])) {
        distances[slot] = -1;
      } else {
        int distance = distance(signs[slot / BLOCK], slot % BLOCK * words, query.signs);
        distances[slot] = (short) distance;
        starts[distance + 1]++;
      }
    }
    for (int distance = 1; distance < starts.length; distance++) {
      starts[distance] += starts[distance - 1];
    }
    var ordered = new int[starts[dimensions + 1]];
    for (int slot = 0; slot < count; slot++) {
      if (distances[slot] >= 0) {
        ordered[starts[distances[slot]]++] = slot;
      }
    }
    return ordered;
  }

  private static int distance(long[] block, int from, long[] signs) {
    int distance = 0;
    for (int i = 0; i < signs.length; i++) {
      distance += Long.bitCount(block[from + i] ^ signs[i]);
    }
    return distance;
  }
}
