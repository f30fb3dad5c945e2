package dev.threadmill.api.heap;

/** Estimates of heap bytes, for the bounds of caches. */
public final class HeapBytes {
  /**
   * A tree of small JSON values takes about this many bytes for each character of its text: a
   * schema with 13,000 properties has 390 KB of text and takes 6 MB.
   */
  private static final int PER_CHARACTER_OF_A_TREE = 20;

  private HeapBytes() {}

  /** This part of the largest heap that the process may have, for example 16 for a sixteenth. */
  public static long share(int part) {
    return Runtime.getRuntime().maxMemory() / part;
  }

  /** The weight of JSON that is kept as a tree, or as objects of a similar shape. */
  public static int ofTree(long characters) {
    return (int) Math.min(Integer.MAX_VALUE, characters * PER_CHARACTER_OF_A_TREE);
  }
}
