package dev.threadmill.tools.code;

import dev.threadmill.api.Json;
import java.util.Map;

/**
 * Takes the code out of the arguments of a call while they are streamed: the value of the first
 * text in the JSON object that the model writes. Models that write code without JSON around it are
 * understood as well.
 */
public final class CodeArguments {
  /** The name of the argument. */
  static final String NAME = "code";

  private static final int HEX_DIGITS = 4;

  private enum State {
    START,
    /** Not JSON: everything is code. */
    PLAIN,
    /** Before a name or a value, outside of texts. */
    BETWEEN,
    NAME,
    CODE,
    /** Behind the code. */
    END
  }

  private State state = State.START;
  private boolean isValue;
  private boolean isEscaped;
  private StringBuilder hex;
  private char high;

  /** The code in the next piece of the arguments. No surrogate pair is split. */
  public String next(String piece) {
    var code = new StringBuilder();
    for (int i = 0; i < piece.length(); i++) {
      accept(piece.charAt(i), code);
    }
    return code.toString();
  }

  private void accept(char c, StringBuilder code) {
    switch (state) {
      case START -> {
        if (c == '{') {
          state = State.BETWEEN;
        } else if (!Character.isWhitespace(c)) {
          state = State.PLAIN;
          append(c, code);
        }
      }
      case PLAIN -> append(c, code);
      case BETWEEN -> {
        if (c == '"') {
          state = isValue ? State.CODE : State.NAME;
        } else if (c == ':') {
          isValue = true;
        } else if (c == ',' || c == '}') {
          isValue = false;
        }
      }
      case NAME, CODE -> acceptText(c, code);
      case END -> {}
    }
  }

  private void acceptText(char c, StringBuilder code) {
    if (hex != null) {
      hex.append(c);
      if (hex.length() == HEX_DIGITS) {
        emit(fromHex(hex.toString()), code);
        hex = null;
      }
    } else if (isEscaped) {
      isEscaped = false;
      switch (c) {
        case 'u' -> hex = new StringBuilder();
        case 'n' -> emit('\n', code);
        case 't' -> emit('\t', code);
        case 'r' -> emit('\r', code);
        case 'b' -> emit('\b', code);
        case 'f' -> emit('\f', code);
        default -> emit(c, code);
      }
    } else if (c == '\\') {
      isEscaped = true;
    } else if (c == '"') {
      state = state == State.CODE ? State.END : State.BETWEEN;
    } else {
      emit(c, code);
    }
  }

  private static char fromHex(String digits) {
    try {
      return (char) Integer.parseInt(digits, 16);
    } catch (NumberFormatException e) {
      return '\ufffd';
    }
  }

  private void emit(char c, StringBuilder code) {
    if (state == State.CODE) {
      append(c, code);
    }
  }

  /** Holds the first half of a pair back. The database stores no halves and no NUL. */
  private void append(char c, StringBuilder code) {
    if (Character.isHighSurrogate(c)) {
      high = c;
    } else if (Character.isLowSurrogate(c)) {
      if (high != 0) {
        code.append(high).append(c);
      }
      high = 0;
    } else {
      high = 0;
      if (c != 0) {
        code.append(c);
      }
    }
  }

  /** The arguments of a call with this code, as a model writes them. */
  public static String toJson(String code) {
    return Json.write(Map.of(NAME, code));
  }
}
