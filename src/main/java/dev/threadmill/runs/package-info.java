/**
 * The engine: how runs are created, claimed, executed, routed to other assistants and ended. It
 * uses {@code store}, {@code execution}, {@code node}, {@code context}, {@code spec} and {@code
 * routing}; the packages {@code streams}, {@code maintenance}, {@code rest} and {@code api} use it.
 *
 * <p>A run ends in one of two ways: {@link dev.threadmill.runs.EndExecutedRun} while a node
 * executes it, {@link dev.threadmill.runs.EndIdleRun} while none does.
 *
 * <p>Outputs that a client has for tool calls arrive in four ways. {@link
 * dev.threadmill.runs.SubmitToolOutputs} stores them for one run, which continues. {@code
 * SubmitToolMessage} passes it the output that a message of role {@code tool} has. {@link
 * dev.threadmill.runs.SubmitThreadOutputs} takes outputs of a thread, of whatever run: it passes
 * those that a run waits for to {@code SubmitToolOutputs}, the others to {@code CompleteOpenCalls}.
 * {@code CompleteOpenCalls} stores outputs with which another run is to continue, {@code CreateRun}
 * those of the request: the run that waits for them completes.
 */
package dev.threadmill.runs;
