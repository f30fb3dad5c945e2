package dev.threadmill.guard;

import dev.threadmill.egress.AllowedDomains;

/**
 * The rules of strict safety for the texts of one run.
 *
 * @param links the hosts to which links may lead
 * @param withheld is called when a filter has withheld a part of a text; on any thread
 */
public record SafetyPolicy(AllowedDomains links, Runnable withheld) {}
