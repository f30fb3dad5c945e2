/** Providers whose protocols LangChain4j implements: Anthropic, Gemini, Ollama and others. */
package dev.threadmill.models.langchain;
