package dev.threadmill.lab.provider;

/**
 * The behavior of {@link MockProvider}, encoded in the model's name: {@code mock-} and options,
 * separated by dashes. {@code mock-0} never waits.
 *
 * @param first {@code t200}: milliseconds before the first token
 * @param between {@code i10}: milliseconds between tokens
 * @param tokens {@code n50}: tokens of the answer, at least 2; 20 by default
 * @param turns {@code turns5}: how often the first tool is called before the answer
 * @param stamped {@code stamped}: each token contains the time at which it was written
 */
record MockModelOptions(int first, int between, int tokens, int turns, boolean stamped) {
  private static final String PREFIX = "mock-";
  private static final int USUAL_TOKENS = 20;

  /**
   * The options of a model.
   *
   * @throws IllegalArgumentException if the name contains unknown options
   */
  static MockModelOptions of(String model) {
    if (!model.startsWith(PREFIX)) {
      throw new IllegalArgumentException(model);
    }
    int first = 0;
    int between = 0;
    int tokens = USUAL_TOKENS;
    int turns = 0;
    boolean stamped = false;
    for (var knob : model.substring(PREFIX.length()).split("-")) {
      if (knob.startsWith("turns")) {
        turns = Integer.parseInt(knob.substring("turns".length()));
      } else if (knob.equals("stamped")) {
        stamped = true;
      } else if (!knob.equals("0")) {
        int value = Integer.parseInt(knob.substring(1));
        switch (knob.charAt(0)) {
          case 't' -> first = value;
          case 'i' -> between = value;
          case 'n' -> tokens = Math.max(2, value);
          default -> throw new IllegalArgumentException(model);
        }
      }
    }
    return new MockModelOptions(first, between, tokens, turns, stamped);
  }
}
