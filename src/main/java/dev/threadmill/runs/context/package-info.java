/**
 * What the model is sent: the thread in the terms of models, as much of it as there is room for,
 * and how to show later what it was. It uses {@code store} and {@code live}.
 */
package dev.threadmill.runs.context;
