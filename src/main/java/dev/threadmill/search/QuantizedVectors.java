package dev.threadmill.search;

import java.util.Arrays;
import java.util.function.IntPredicate;

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
  private static final int BUCKETS = 4_096;

  /** Less than the product of two vectors of length one. */
  private static final float BELOW_ALL = -2;

  /** The number of slots at which the mean is first computed. It is anew at each doubling. */
  private static final int FIRST_MEAN = 4_096;

  private final int dimensions;
  private final int words;
  private byte[][] blocks = new byte[0][];

  /**
   * The signs of 64 dimensions of all slots of a block, then those of the next 64: the JVM counts
   * bits of several slots at a time.
   */
  private long[][] signs = new long[0][];

  private float[] scales = new float[0];

  /** By slots: what a sign of the difference from the mean stands for. */
  private float[] lengths = new float[0];

  /** By slots: the product of the difference from the mean with the mean. */
  private float[] alongMean = new float[0];

  /** By slots: in how many dimensions the difference from the mean is positive. */
  private int[] positives = new int[0];

  private final float[] mean;
  private int nextMean = FIRST_MEAN;

  QuantizedVectors(int dimensions) {
    this.dimensions = dimensions;
    this.words = Math.ceilDiv(dimensions, Long.SIZE);
    this.mean = new float[dimensions];
  }

  /** The heap that a vector takes. */
  static int bytesPerVector(int dimensions) {
    return dimensions
        + Math.ceilDiv(dimensions, Long.SIZE) * Long.BYTES
        + 3 * Float.BYTES
        + Integer.BYTES;
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

    /** Adds up the levels where the signs of each slot of a block are positive. */
    private void addLevels(long[] block, int[] levels) {
      for (int word = 0; word < words; word++) {
        addLevels(
            block,
            word * BLOCK,
            planes[word],
            planes[words + word],
            planes[2 * words + word],
            planes[3 * words + word],
            levels);
      }
    }

    /** In a method of its own, so that the JVM vectorizes the loop. */
    private static void addLevels(
        long[] block, int from, long one, long two, long four, long eight, int[] levels) {
      for (int i = 0; i < BLOCK; i++) {
        long word = block[from + i];
        levels[i] +=
            Long.bitCount(word & one)
                + 2 * Long.bitCount(word & two)
                + 4 * Long.bitCount(word & four)
                + 8 * Long.bitCount(word & eight);
      }
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
      positives = Arrays.copyOf(positives, scales.length);
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
      alongMean[slot] = BELOW_ALL;
      return;
    }
    var values = blocks[slot / BLOCK];
    int from = slot % BLOCK * dimensions;
    float scale = scales[slot];
    float squares = 0;
    float absolutes = 0;
    float product = 0;
    int positive = 0;
    for (int word = 0; word < words; word++) {
      long bits = 0;
      int first = word * Long.SIZE;
      for (int i = first; i < Math.min(dimensions, first + Long.SIZE); i++) {
        float difference = values[from + i] * scale - mean[i];
        squares += difference * difference;
        absolutes += Math.abs(difference);
        product += difference * mean[i];
        bits |= (difference > 0 ? 1L : 0L) << i;
      }
      signs[slot / BLOCK][word * BLOCK + slot % BLOCK] = bits;
      positive += Long.bitCount(bits);
    }
    lengths[slot] = squares / Math.max(Float.MIN_NORMAL, absolutes);
    alongMean[slot] = product;
    positives[slot] = positive;
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
   * The slots whose products are the largest ones as their signs tell, in ascending order: products
   * that are computed in this order read memory forwards. Slots without vectors are the last ones.
   *
   * @param count the number of slots in use
   * @param most how many are wanted; some more are returned where estimates are as good as equal
   * @param isSearched the slots that are asked for; null for all
   */
  int[] nearestBySigns(Query query, int count, int most, IntPredicate isSearched) {
    var estimates = estimates(query, count);
    float least = Float.MAX_VALUE;
    float largest = -Float.MAX_VALUE;
    for (float estimate : estimates) {
      least = Math.min(least, estimate);
      largest = Math.max(largest, estimate);
    }
    float perBucket = Math.max(Float.MIN_NORMAL, (largest - least) / (BUCKETS - 1));
    var sizes = new int[BUCKETS];
    for (int slot = 0; slot < count; slot++) {
      if (isSearched == null || isSearched.test(slot)) {
        sizes[bucket(estimates[slot], largest, perBucket)]++;
      } else {
        estimates[slot] = Float.NaN;
      }
    }
    int last = 0;
    int chosen = sizes[0];
    while (chosen < most && last < BUCKETS - 1) {
      last++;
      chosen += sizes[last];
    }
    var slots = new int[chosen];
    int next = 0;
    for (int slot = 0; slot < count && next < chosen; slot++) {
      if (!Float.isNaN(estimates[slot]) && bucket(estimates[slot], largest, perBucket) <= last) {
        slots[next++] = slot;
      }
    }
    return slots;
  }

  private static int bucket(float estimate, float largest, float perBucket) {
    return Math.min((int) ((largest - estimate) / perBucket), BUCKETS - 1);
  }

  /** The products of the slots as their signs tell them. */
  private float[] estimates(Query query, int count) {
    var estimates = new float[count];
    var levels = new int[BLOCK];
    for (int block = 0; block * BLOCK < count; block++) {
      Arrays.fill(levels, 0);
      query.addLevels(signs[block], levels);
      int first = block * BLOCK;
      for (int slot = first; slot < Math.min(count, first + BLOCK); slot++) {
        // the sum of the differences with these signs: those that are positive, less the others
        float signed =
            2 * (query.least * positives[slot] + query.step * levels[slot - first]) - query.sum;
        estimates[slot] = lengths[slot] * signed + alongMean[slot];
      }
    }
    return estimates;
  }
}
