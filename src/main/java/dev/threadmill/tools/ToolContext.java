package dev.threadmill.tools;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.guard.AllowedDomains;

/**
 * On whose behalf a tool is called.
 *
 * @param call the same however often the call is tried, so it serves as its idempotency key
 * @param allowedDomains what the assistant's tools may reach
 */
public record ToolContext(
    ProjectId project,
    AssistantId assistant,
    ThreadId thread,
    RunId run,
    ToolCallId call,
    AllowedDomains allowedDomains) {}
