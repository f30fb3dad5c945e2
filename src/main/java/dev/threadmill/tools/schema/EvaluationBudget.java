package dev.threadmill.tools.schema;

import com.networknt.schema.Error;
import com.networknt.schema.ExecutionContext;
import java.time.Duration;

/**
 * Counts the steps of one evaluation of a schema: each keyword and each reference is one. An
 * evaluation that takes too many, nests too deep or lasts too long is ended.
 */
final class EvaluationBudget extends ExecutionContext {
  private static final int MAX_STEPS = 200_000;
  private static final int MAX_DEPTH = 1_500;
  private static final int MAX_ERRORS = 1_000;

  /** Few, since a step may be a pattern that takes milliseconds. */
  private static final int STEPS_BETWEEN_LOOKS = 8;

  private static final long MAX_NANOS = Duration.ofMillis(500).toNanos();

  private final long deadline = System.nanoTime() + MAX_NANOS;
  private int steps;
  private int depth;

  /** The evaluation has used up its budget. */
  static final class ExceededException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ExceededException() {
      super("the evaluation takes too many steps", null, false, false);
    }
  }

  @Override
  public void evaluationPathAddLast(String keyword) {
    step();
    super.evaluationPathAddLast(keyword);
  }

  @Override
  public void evaluationPathAddLast(int index) {
    step();
    super.evaluationPathAddLast(index);
  }

  @Override
  public void evaluationPathRemoveLast() {
    depth--;
    super.evaluationPathRemoveLast();
  }

  /** Keeps only the first errors, which bounds the memory of an evaluation. */
  @Override
  public void addError(Error error) {
    if (getErrors().size() < MAX_ERRORS) {
      super.addError(error);
    }
  }

  private void step() {
    if (++steps > MAX_STEPS
        || ++depth > MAX_DEPTH
        || steps % STEPS_BETWEEN_LOOKS == 0 && System.nanoTime() - deadline >= 0) {
      throw new ExceededException();
    }
  }
}
