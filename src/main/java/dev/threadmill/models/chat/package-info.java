/** The front door for chat completions, which creates no runs. */
package dev.threadmill.models.chat;
