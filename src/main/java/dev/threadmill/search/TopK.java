package dev.threadmill.search;

import java.util.Arrays;

/**
 * The slots with the highest values that were offered; at a tie those with the latest time. A
 * binary heap in arrays, since there are as many offers as entries.
 */
final class TopK {
  private final int[] slots;
  private final double[] values;
  private final long[] times;
  private int size;

  TopK(int capacity) {
    this.slots = new int[capacity];
    this.values = new double[capacity];
    this.times = new long[capacity];
  }

  /** Whether a value can be among the highest; false for NaN. */
  boolean isCompetitive(double value) {
    return size < slots.length ? !Double.isNaN(value) : size > 0 && value >= values[0];
  }

  void offer(int slot, double value, long time) {
    if (size < slots.length) {
      int at = size++;
      while (at > 0 && isLess(value, time, (at - 1) / 2)) {
        move((at - 1) / 2, at);
        at = (at - 1) / 2;
      }
      set(at, slot, value, time);
    } else if (size > 0 && (value > values[0] || value == values[0] && time > times[0])) {
      replaceLeast(slot, value, time);
    }
  }

  private void replaceLeast(int slot, double value, long time) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && isLess(values[child + 1], times[child + 1], child)) {
        child++;
      }
      if (isLess(value, time, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    set(at, slot, value, time);
  }

  private boolean isLess(double value, long time, int than) {
    return value < values[than] || value == values[than] && time < times[than];
  }

  private void move(int from, int to) {
    set(to, slots[from], values[from], times[from]);
  }

  private void set(int at, int slot, double value, long time) {
    slots[at] = slot;
    values[at] = value;
    times[at] = time;
  }

  /** The slots, in no particular order. */
  int[] slots() {
    return Arrays.copyOf(slots, size);
  }
}
