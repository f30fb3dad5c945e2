/**
 * What the wording of messages and questions tells a ranking: features of a text, expressions of
 * time, original timestamps.
 */
package dev.threadmill.memory.text;
