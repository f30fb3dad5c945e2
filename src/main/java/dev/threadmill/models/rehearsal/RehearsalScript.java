package dev.threadmill.models.rehearsal;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands for the rehearsal model in a text of the user.
 *
 * @param turns the tool calls asked for, turn by turn
 * @param say the exact answer; null for the usual one
 * @param think what to reason first; null for nothing
 * @param refuse whether to refuse
 * @param words how many words to answer; 0 for the usual answer
 * @param pauseMillis how long to wait before each word
 * @param failure what to fail with; empty for no failure
 * @param failAfter how many words come before the failure
 */
record RehearsalScript(
    List<List<Call>> turns,
    String say,
    String think,
    boolean refuse,
    int words,
    int pauseMillis,
    Optional<ModelException.Kind> failure,
    int failAfter) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_WORDS = 100_000;
  private static final int MOST_CALLS = 128;
  private static final int LONGEST_PAUSE = 60_000;
  private static final Pattern CALL =
      Pattern.compile(
          "\\b(?:call|use)\\s+(?:the\\s+)?(?:tool\\s+|function\\s+)?[`'\"]?([a-zA-Z0-9_-]{1,64})[`'\"]?",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern THEN = Pattern.compile("\\bthen\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern SAY = Pattern.compile("(?ms)^/say[ \\t]+(.*)\\z");
  private static final Pattern THINK = Pattern.compile("(?m)^/think[ \\t]+(.*)$");
  private static final Pattern REFUSE = Pattern.compile("(?m)^/refuse\\b");
  private static final Pattern LONG = number("long");
  private static final Pattern SLOW = number("slow");
  private static final Pattern FAIL =
      Pattern.compile("(?m)^/fail\\b(?:[ \\t]+(rate_limited|invalid_prompt))?(?:[ \\t]+(\\d+))?");

  /**
   * A tool call that the user asked for.
   *
   * @param arguments null if they are to be generated
   */
  record Call(String name, String arguments) {}

  /** Reads the commands in a text. A name counts only if a function of that name is offered. */
  static RehearsalScript of(String text, List<FunctionSpec> functions) {
    var say = SAY.matcher(text);
    var exact = say.find() ? say.group(1) : null;
    var rest = exact == null ? text : text.substring(0, say.start());
    var think = THINK.matcher(rest);
    var fail = FAIL.matcher(rest);
    boolean fails = fail.find();
    return new RehearsalScript(
        turns(rest, functions),
        exact,
        think.find() ? think.group(1) : null,
        REFUSE.matcher(rest).find(),
        numberIn(LONG.matcher(rest), MOST_WORDS),
        numberIn(SLOW.matcher(rest), LONGEST_PAUSE),
        fails ? Optional.of(kind(fail.group(1))) : Optional.empty(),
        fails ? bounded(fail.group(2), MOST_WORDS) : 0);
  }

  private static List<List<Call>> turns(String text, List<FunctionSpec> functions) {
    var turns = new ArrayList<List<Call>>();
    var call = CALL.matcher(text);
    int end = 0;
    int calls = 0;
    while (calls < MOST_CALLS && call.find(end)) {
      var name = call.group(1);
      if (functions.stream().noneMatch(function -> function.name().equals(name))) {
        end = call.end();
        continue;
      }
      if (turns.isEmpty() || THEN.matcher(text).region(end, call.start()).find()) {
        turns.add(new ArrayList<>());
      }
      int from = call.end();
      end = endOfObject(text, from);
      turns.getLast().add(new Call(name, end > from ? text.substring(from, end).strip() : null));
      calls++;
    }
    return turns;
  }

  /** Where the JSON object ends that begins here after spaces; here itself if there is none. */
  private static int endOfObject(String text, int from) {
    int brace = from;
    while (brace < text.length() && Character.isWhitespace(text.charAt(brace))) {
      brace++;
    }
    if (brace == text.length() || text.charAt(brace) != '{') {
      return from;
    }
    try (var parser = JSON.createParser(text.substring(brace))) {
      if (parser.readValueAsTree() instanceof ObjectNode) {
        return brace + (int) parser.currentLocation().getCharOffset();
      }
      return from;
    } catch (IOException _) {
      return from;
    }
  }

  private static ModelException.Kind kind(String name) {
    return switch (name) {
      case "rate_limited" -> ModelException.Kind.RATE_LIMITED;
      case "invalid_prompt" -> ModelException.Kind.INVALID_PROMPT;
      case null, default -> ModelException.Kind.PROVIDER_FAILED;
    };
  }

  private static Pattern number(String command) {
    return Pattern.compile("(?m)^/" + command + "[ \\t]+(\\d+)");
  }

  private static int numberIn(Matcher command, int most) {
    return command.find() ? bounded(command.group(1), most) : 0;
  }

  private static int bounded(String digits, int most) {
    if (digits == null) {
      return 0;
    }
    return digits.length() > 9 ? most : Math.min(most, Integer.parseInt(digits));
  }
}
