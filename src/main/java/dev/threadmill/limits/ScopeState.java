package dev.threadmill.limits;

/** The limits of a scope and its usage, as the database has them at one moment. */
record ScopeState(LimitScope scope, Limits limits, CurrentUsage usage) {}
