/**
 * What a project may use: rates, runs at once, and budgets that are never exceeded. A project
 * without limits pays for none of it.
 */
package dev.threadmill.limits;
