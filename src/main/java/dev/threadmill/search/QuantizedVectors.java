package dev.threadmill.search;

import java.util.Arrays;

/**
 * Vectors of one length with a byte a dimension. Dot products with them are off by a thousandth,
 * rarely by two, too little to change a ranking.
 *
 * <p>The signs of the dimensions, a bit each, are read one after the other and tell which vectors
 * are worth a product, which reads memory at random. They are signs of the differences from the
 * mean of the vectors, since vectors of some models all point into about the same direction. The
 * product of such a difference with a query is estimated as that of its signs, times the length of
 * the difference along them (RaBitQ, Gao and Long 2024, without its rotation). The query has four
 * bits a dimension for that.
 */
final class QuantizedVectors {
  private static final int BLOCK = 1_024;
  private static final int MAX_BYTE = 127;
  private static final int BUCKETS = 1_024;

  /** The number of slots at which the mean is first computed. It is anew at each doubling. */
  private static final int FIRST_MEAN = 4_096;

  private final int dimensions;
  private final int words;
  private byte[][] blocks = new byte[0][];
  private long[][] signs = new long[0][];
  private float[] scales = new float[0];

  /** By slots: what a sign of the difference from the mean stands for. */
  private float[] lengths = new float[0];

  /** By slots: the product of the difference from the mean with the mean. */
  private float[] alongMean = new float[0];

  private final float[] mean;
  private int nextMean = FIRST_MEAN;

  QuantizedVectors(int dimensions) {
    this.dimensions = dimensions;
    this.words = Math.ceilDiv(dimensions, Long.SIZE);
    this.mean = new float[dimensions];
  }

  /** The heap that a vector takes. */
  static int bytesPerVector(int dimensions) {
    return dimensions + Math.ceilDiv(dimensions, Long.SIZE) * Long.BYTES + 3 * Float.BYTES;
  }

  /** A vector that others are compared with. */
  static final class Query {
    private static final int BITS = 4;
    private static final int LEVELS = (1 << BITS) - 1;

    private final byte[] values;
    private final float scale;

    /** The difference from the mean in levels, a bit of all dimensions after the other. */
    private final long[] planes;

    private final int words;
    private float least = Float.MAX_VALUE;
    private final float step;
    private float sum;

    private Query(float[] vector, float[] mean) {
      values = new byte[vector.length];
      words = Math.ceilDiv(vector.length, Long.SIZE);
      planes = new long[BITS * words];
      scale = quantize(vector, values, 0);
      float most = -Float.MAX_VALUE;
      for (int i = 0; i < vector.length; i++) {
        float difference = vector[i] - mean[i];
        least = Math.min(least, difference);
        most = Math.max(most, difference);
        sum += difference;
      }
      step = Math.max(Float.MIN_NORMAL, (most - least) / LEVELS);
      for (int i = 0; i < vector.length; i++) {
        int level = Math.clamp(Math.round((vector[i] - mean[i] - least) / step), 0, LEVELS);
        for (int bit = 0; bit < BITS; bit++) {
          planes[bit * words + i / Long.SIZE] |= (long) (level >>> bit & 1) << i;
        }
      }
    }

    /** The sum of the differences with these signs: those of the set bits, less the others. */
    private float signed(long[] block, int from) {
      int positive = 0;
      int levels = 0;
      for (int i = 0; i < words; i++) {
        long signs = block[from + i];
        positive += Long.bitCount(signs);
        levels +=
            Long.bitCount(signs & planes[i])
                + 2 * Long.bitCount(signs & planes[words + i])
                + 4 * Long.bitCount(signs & planes[2 * words + i])
                + 8 * Long.bitCount(signs & planes[3 * words + i]);
      }
      return 2 * (least * positive + step * levels) - sum;
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
      lengths = Arrays.copyOf(lengths, scales.length);
      alongMean = Arrays.copyOf(alongMean, scales.length);
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
    if (Float.isNaN(scales[slot])) {
      return;
    }
    var values = blocks[slot / BLOCK];
    int from = slot % BLOCK * dimensions;
    var bits = signs[slot / BLOCK];
    int fromWord = slot % BLOCK * words;
    float squares = 0;
    float absolutes = 0;
    float product = 0;
    for (int i = 0; i < dimensions; i++) {
      float difference = values[from + i] * scales[slot] - mean[i];
      squares += difference * difference;
      absolutes += Math.abs(difference);
      product += difference * mean[i];
      long bit = 1L << i;
      if (difference > 0) {
        bits[fromWord + i / Long.SIZE] |= bit;
      } else {
        bits[fromWord + i / Long.SIZE] &= ~bit;
      }
    }
    lengths[slot] = squares / Math.max(Float.MIN_NORMAL, absolutes);
    alongMean[slot] = product;
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
   * The slots that have vectors, about in the order of their products as their signs tell them,
   * largest first.
   *
   * @param count the number of slots in use
   */
  int[] bySigns(Query query, int count) {
    var estimates = new float[count];
    float least = Float.MAX_VALUE;
    float most = -Float.MAX_VALUE;
    for (int slot = 0; slot < count; slot++) {
      float estimate =
          lengths[slot] * query.signed(signs[slot / BLOCK], slot % BLOCK * words) + alongMean[slot];
      estimates[slot] = estimate;
      least = Math.min(least, estimate);
      most = Math.max(most, estimate);
    }
    return sorted(estimates, least, most);
  }

  /** The slots with vectors in the order of their estimates, largest first, to a thousandth. */
  private int[] sorted(float[] estimates, float least, float most) {
    float perBucket = Math.max(Float.MIN_NORMAL, (most - least) / (BUCKETS - 1));
    var buckets = new short[estimates.length];
    var starts = new int[BUCKETS + 1];
    for (int slot = 0; slot < estimates.length; slot++) {
      if (Float.isNaN(scales[slot])) {
        buckets[slot] = -1;
      } else {
        int bucket = Math.clamp((int) ((most - estimates[slot]) / perBucket), 0, BUCKETS - 1);
        buckets[slot] = (short) bucket;
        starts[bucket + 1]++;
      }
    }
    for (int bucket = 1; bucket < starts.length; bucket++) {
      starts[bucket] += starts[bucket - 1];
    }
    var ordered = new int[starts[BUCKETS]];
    for (int slot = 0; slot < estimates.length; slot++) {
      if (buckets[slot] >= 0) {
        ordered[starts[buckets[slot]]++] = slot;
      }
    }
    return ordered;
  }
}
