/** Providers that speak the protocol of OpenAI chat completions. */
package dev.threadmill.models.openai;
