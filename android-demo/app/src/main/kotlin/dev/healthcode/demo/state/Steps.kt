package dev.healthcode.demo.state

/** The state of a screen that has steps of its own: back leads to the step before, not out of the screen. */
interface Steps {
    /** Goes back a step; false at the first one. */
    fun stepBack(): Boolean
}
