/** Debug logs of projects: whole requests and prompts, kept encrypted for a few days. */
package dev.threadmill.debuglogs;
