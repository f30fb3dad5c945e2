package dev.threadmill.tools;

import dev.threadmill.models.FunctionSpec;

/** A function that the client executes: the run waits until its output is submitted. */
public record ClientTool(FunctionSpec function) implements Tool {}
